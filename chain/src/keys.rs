//! sr25519 keys: development names, seeds, files.

use std::{fmt, fs, io::Write, path::Path};

use scale::Encode;
use schnorrkel::{ExpansionMode, MiniSecretKey, PublicKey, Signature, derive::ChainCode};
use serde::{Deserialize, Serialize};

use crate::{AccountId, ChainError, account};

/// The signing context of every Substrate chain and wallet.
const CONTEXT: &[u8] = b"substrate";

/// The mini secret of the public development phrase (`bottom drive obey lake curtain smoke basket hold race lonely fit
/// walk`), the root of `//Alice` and the others. Known to everybody: never for anything of value.
const DEVELOPMENT_SEED: [u8; 32] = [
    0xfa, 0xc7, 0x95, 0x9d, 0xbf, 0xe7, 0x2f, 0x05, 0x2e, 0x5a, 0x0c, 0x3c, 0x8d, 0x65, 0x30, 0xf2, 0x02, 0xb0, 0x2f,
    0xd8, 0xf9, 0xf5, 0xca, 0x35, 0x80, 0xec, 0x8d, 0xeb, 0x77, 0x97, 0x47, 0x9e,
];

/// The development accounts that a chain's genesis endows.
pub const DEVELOPMENT_NAMES: [&str; 6] = ["//Alice", "//Bob", "//Charlie", "//Dave", "//Eve", "//Ferdie"];

/// An sr25519 key pair. Its secret is never printed.
#[derive(Clone)]
pub struct Keypair {
    seed: MiniSecretKey,
    pair: schnorrkel::Keypair,
}

/// A key file's content.
#[derive(Serialize, Deserialize)]
struct KeyFile {
    scheme: String,
    address: String,
    seed: String,
}

impl Keypair {
    /// A new key from the system's randomness.
    pub fn generate() -> Self {
        Self::from_mini_secret(MiniSecretKey::generate())
    }

    /// The key of a 32-byte seed.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        // Every 32 bytes are a mini secret: the constructor only checks the length.
        match MiniSecretKey::from_bytes(&seed) {
            Ok(secret) => Self::from_mini_secret(secret),
            Err(_) => unreachable!("a mini secret is any 32 bytes"),
        }
    }

    fn from_mini_secret(seed: MiniSecretKey) -> Self {
        let pair = seed.expand_to_keypair(ExpansionMode::Ed25519);
        Keypair { seed, pair }
    }

    /// A development key: `//Alice`, `//Alice//stash`, `//oracle//1`. Only hard derivation.
    ///
    /// # Errors
    /// [`ChainError::Input`] for any other form.
    pub fn from_uri(uri: &str) -> Result<Self, ChainError> {
        let refuse = || ChainError::Input(format!("`{uri}` is not a development key: write //Name, as in //Alice"));
        let path = uri.strip_prefix("//").ok_or_else(refuse)?;
        let mut secret = MiniSecretKey::from_bytes(&DEVELOPMENT_SEED).map_err(|_| refuse())?;
        for junction in path.split("//") {
            if junction.is_empty() || junction.contains('/') {
                return Err(refuse());
            }
            (secret, _) = secret
                .expand(ExpansionMode::Ed25519)
                .hard_derive_mini_secret_key(Some(ChainCode(chain_code(junction))), b"");
        }
        Ok(Self::from_mini_secret(secret))
    }

    /// The key that a command line names: `//Name`, or the path of a key file.
    ///
    /// # Errors
    /// Those of [`Keypair::from_uri`] and [`Keypair::load`].
    pub fn resolve(text: &str) -> Result<Self, ChainError> {
        if text.starts_with("//") { Self::from_uri(text) } else { Self::load(Path::new(text)) }
    }

    /// The account that this key signs for.
    pub fn account(&self) -> AccountId {
        AccountId::from(self.pair.public.to_bytes())
    }

    /// The public key's 32 bytes.
    pub fn public(&self) -> [u8; 32] {
        self.pair.public.to_bytes()
    }

    /// The SS58 address.
    pub fn address(&self) -> String {
        account::ss58(&self.account())
    }

    /// Signs `message` in the context `substrate`: 64 bytes.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.pair.sign_simple(CONTEXT, message).to_bytes()
    }

    /// 32 bytes for a purpose, the same each time, that nobody without this key can make.
    pub fn secret_for(&self, purpose: &[u8]) -> [u8; 32] {
        sp_core::hashing::blake2_256(&[self.seed.as_bytes().as_slice(), purpose].concat())
    }

    /// Writes the key to a new file that only its owner can read.
    ///
    /// # Errors
    /// [`ChainError::Io`] if the file exists already or can't be written.
    pub fn save(&self, path: &Path) -> Result<(), ChainError> {
        let content = KeyFile {
            scheme: "sr25519".into(),
            address: self.address(),
            seed: format!("0x{}", hex::encode(self.seed.as_bytes())),
        };
        let text = serde_json::to_string_pretty(&content)
            .map_err(|cause| ChainError::Io(format!("{}: {cause}", path.display())))?;
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(|cause| ChainError::file(path, cause))?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|cause| ChainError::file(path, cause))
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// [`ChainError::Io`] if it can't be read; [`ChainError::Input`] if others can read it too, if it isn't a key
    /// file, or if its address isn't the seed's.
    pub fn load(path: &Path) -> Result<Self, ChainError> {
        let name = path.display();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let about = fs::metadata(path).map_err(|cause| ChainError::file(path, cause))?;
            if about.permissions().mode() & 0o077 != 0 {
                return Err(ChainError::Input(format!("others can read the key file `{name}`: chmod 600 it")));
            }
        }
        let text = fs::read_to_string(path).map_err(|cause| ChainError::file(path, cause))?;
        // The cause may quote the file: keep it out of the message.
        let content: KeyFile =
            serde_json::from_str(&text).map_err(|_| ChainError::Input(format!("`{name}` is not a key file")))?;
        if content.scheme != "sr25519" {
            return Err(ChainError::Input(format!("`{name}` does not hold an sr25519 key")));
        }
        let mut seed = [0u8; 32];
        hex::decode_to_slice(content.seed.trim_start_matches("0x"), &mut seed)
            .map_err(|_| ChainError::Input(format!("the seed in `{name}` is not 32 bytes of hex")))?;
        let key = Self::from_seed(seed);
        if key.address() != content.address {
            return Err(ChainError::Input(format!(
                "`{name}` names the address {}, but its seed gives {}",
                content.address,
                key.address()
            )));
        }
        Ok(key)
    }

    /// Reads the key file, or makes a new key and writes it there.
    ///
    /// # Errors
    /// Those of [`Keypair::load`] and [`Keypair::save`].
    pub fn load_or_generate(path: &Path) -> Result<Self, ChainError> {
        if path.exists() {
            return Self::load(path);
        }
        let key = Self::generate();
        key.save(path)?;
        Ok(key)
    }
}

impl fmt::Debug for Keypair {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Keypair({})", self.address())
    }
}

/// Whether `signature` is `public`'s over `message`, in the context `substrate`. A key of zeros signs nothing: as the identity of
/// the group it would have a signature over everything.
pub fn verify(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    if *public == [0; 32] {
        return false;
    }
    let (Ok(public), Ok(signature)) = (PublicKey::from_bytes(public), Signature::from_bytes(signature)) else {
        return false;
    };
    public.verify_simple(CONTEXT, message, &signature).is_ok()
}

/// The chain code of a junction, as Substrate makes it: the SCALE form of the number or text,
/// padded with zeros or hashed to 32 bytes.
fn chain_code(junction: &str) -> [u8; 32] {
    let encoded = match junction.parse::<u64>() {
        Ok(number) => number.encode(),
        Err(_) => junction.encode(),
    };
    if encoded.len() > 32 {
        return sp_core::hashing::blake2_256(&encoded);
    }
    let mut code = [0u8; 32];
    if let Some(head) = code.get_mut(..encoded.len()) {
        head.copy_from_slice(&encoded);
    }
    code
}

impl subxt::tx::Signer<subxt::SubstrateConfig> for Keypair {
    fn account_id(&self) -> subxt::utils::AccountId32 {
        subxt::utils::AccountId32(self.public())
    }

    fn address(&self) -> subxt::utils::MultiAddress<subxt::utils::AccountId32, u32> {
        subxt::utils::MultiAddress::Id(subxt::utils::AccountId32(self.public()))
    }

    fn sign(&self, payload: &[u8]) -> subxt::utils::MultiSignature {
        subxt::utils::MultiSignature::Sr25519(Keypair::sign(self, payload))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sp_core::Pair;

    #[test]
    fn development_keys_are_those_of_substrate() {
        let long = format!("//{}", "a-name-longer-than-thirty-two-bytes".repeat(2));
        for uri in ["//Alice", "//Bob", "//Alice//stash", "//oracle//7", long.as_str()] {
            let theirs = sp_core::sr25519::Pair::from_string(uri, None).unwrap();
            assert_eq!(Keypair::from_uri(uri).unwrap().public(), theirs.public().0, "{uri}");
        }
    }

    #[test]
    fn a_soft_or_empty_derivation_is_refused() {
        for uri in ["Alice", "/Alice", "//", "//Alice/soft", "//Alice//"] {
            assert!(matches!(Keypair::from_uri(uri), Err(ChainError::Input(_))), "{uri}");
        }
    }

    #[test]
    fn nobody_signs_with_a_key_of_zeros() {
        let mut forged = [0; 64];
        forged[63] = 0x80;
        // The curve's own check lets it pass.
        let (identity, parsed) = (PublicKey::from_bytes(&[0; 32]).unwrap(), Signature::from_bytes(&forged).unwrap());
        assert!(identity.verify_simple(CONTEXT, b"anything", &parsed).is_ok());
        assert!(!verify(&[0; 32], b"anything", &forged));
    }

    #[test]
    fn a_signature_holds_for_its_message_and_key_alone() {
        let (alice, bob) = (Keypair::from_uri("//Alice").unwrap(), Keypair::generate());
        let signature = alice.sign(b"pay");
        assert!(verify(&alice.public(), b"pay", &signature));
        assert!(!verify(&alice.public(), b"pay more", &signature));
        assert!(!verify(&bob.public(), b"pay", &signature));
        assert!(!verify(&[0xff; 32], b"pay", &signature));
    }

    #[test]
    fn a_key_file_is_its_owners_alone_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alice.json");
        let key = Keypair::load_or_generate(&path).unwrap();
        assert_eq!(Keypair::load_or_generate(&path).unwrap().public(), key.public());
        assert!(matches!(Keypair::generate().save(&path), Err(ChainError::Io(_))));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            assert!(matches!(Keypair::load(&path), Err(ChainError::Input(_))));
        }
    }

    #[test]
    fn a_key_is_never_printed() {
        let key = Keypair::from_seed([7; 32]);
        assert_eq!(format!("{key:?}"), format!("Keypair({})", key.address()));
    }

    #[test]
    fn a_key_file_whose_address_is_not_the_seeds_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        Keypair::from_seed([1; 32]).save(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let other = Keypair::from_seed([2; 32]).address();
        let mine = Keypair::from_seed([1; 32]).address();
        fs::write(&path, text.replace(&mine, &other)).unwrap();
        assert!(matches!(Keypair::load(&path), Err(ChainError::Input(_))));
    }
}
