//! The embedded chain's transaction: who, the how-manieth, what, signed for one chain.

use scale::{Decode, Encode};

use crate::{AccountId, ChainError, Keypair, Native, account, keys};

/// Domain of the signature, padded with zeros as the protocol's other signed messages are.
const TAG: [u8; 16] = *b"OL-ENVELOPE-1\0\0\0";

/// What an envelope asks for.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Call {
    /// Store code.
    Upload { code: Vec<u8> },
    /// Store code and make a contract of it.
    Instantiate { code: Vec<u8>, input: Vec<u8>, salt: Vec<u8>, value: Native },
    /// Call a contract.
    Message { contract: AccountId, input: Vec<u8>, value: Native },
    /// Send native coin.
    Transfer { to: AccountId, value: Native },
}

/// A signed call.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Envelope {
    pub signer: AccountId,
    /// The number of the signer's earlier envelopes on this chain.
    pub nonce: u32,
    pub call: Call,
    pub signature: [u8; 64],
}

/// blake2b-256 over tag, genesis id, signer, nonce and call: what is signed.
fn digest(genesis: &[u8; 32], signer: &AccountId, nonce: u32, call: &Call) -> [u8; 32] {
    sp_core::hashing::blake2_256(&(TAG, genesis, account::account_bytes(signer), nonce, call).encode())
}

impl Envelope {
    pub fn sign(key: &Keypair, genesis: &[u8; 32], nonce: u32, call: Call) -> Self {
        let signer = key.account();
        let signature = key.sign(&digest(genesis, &signer, nonce, &call));
        Envelope { signer, nonce, call, signature }
    }

    /// The input for a contract, if the call has any.
    pub fn input(&self) -> &[u8] {
        match &self.call {
            Call::Message { input, .. } | Call::Instantiate { input, .. } => input,
            Call::Upload { .. } | Call::Transfer { .. } => &[],
        }
    }

    /// # Errors
    /// [`ChainError::BadSignature`] if the signer didn't sign this, for this chain.
    pub fn verify(&self, genesis: &[u8; 32]) -> Result<(), ChainError> {
        let digest = digest(genesis, &self.signer, self.nonce, &self.call);
        if keys::verify(&account::account_bytes(&self.signer), &digest, &self.signature) {
            Ok(())
        } else {
            Err(ChainError::BadSignature)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_holds_for_its_chain_nonce_and_call_alone() {
        let key = Keypair::from_seed([1; 32]);
        let call = Call::Transfer { to: AccountId::from([2; 32]), value: 5 };
        let envelope = Envelope::sign(&key, &[9; 32], 3, call);
        assert_eq!(envelope.verify(&[9; 32]), Ok(()));
        assert_eq!(envelope.verify(&[8; 32]), Err(ChainError::BadSignature));
        let later = Envelope { nonce: 4, ..envelope.clone() };
        assert_eq!(later.verify(&[9; 32]), Err(ChainError::BadSignature));
        let other = Envelope { signer: AccountId::from([2; 32]), ..envelope.clone() };
        assert_eq!(other.verify(&[9; 32]), Err(ChainError::BadSignature));
        let more = Call::Transfer { to: AccountId::from([2; 32]), value: 6 };
        let more = Envelope { call: more, ..envelope };
        assert_eq!(more.verify(&[9; 32]), Err(ChainError::BadSignature));
    }
}
