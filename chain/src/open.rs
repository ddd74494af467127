//! From a URL to a chain.

use std::path::Path;

use crate::{Chain, ChainError, Embedded, Genesis, Remote, Rpc};

/// Opens the chain that `url` names:
///
/// - `embedded`: in this process, its state in `state_dir`;
/// - `http://127.0.0.1:PORT`: the embedded chain that another process serves there;
/// - `ws://…` or `wss://…`: a node.
///
/// # Errors
/// [`ChainError::Input`] for another URL; those of [`Embedded::open`], [`Remote::connect`], [`Rpc::connect`].
pub fn open(url: &str, state_dir: &Path) -> Result<Box<dyn Chain>, ChainError> {
    open_with(url, state_dir, &Genesis::default())
}

/// [`open`]; a new embedded chain begins with `genesis`.
///
/// # Errors
/// Those of [`open`].
pub fn open_with(url: &str, state_dir: &Path, genesis: &Genesis) -> Result<Box<dyn Chain>, ChainError> {
    match url.split_once("://").map(|(scheme, _)| scheme) {
        None if url == "embedded" => Ok(Box::new(Embedded::open(state_dir, genesis)?)),
        Some("http") => Ok(Box::new(Remote::connect(url)?)),
        Some("ws" | "wss") => Ok(Box::new(Rpc::connect(url)?)),
        _ => Err(ChainError::Input(format!(
            "`{url}` is no chain: write embedded, http://127.0.0.1:PORT or ws://HOST:PORT"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_names_no_chain_is_refused() {
        for url in ["", "embed", "ftp://127.0.0.1", "127.0.0.1:9944"] {
            assert!(matches!(open(url, Path::new("/nowhere")), Err(ChainError::Input(_))), "{url}");
        }
    }

    #[test]
    fn an_address_where_nobody_listens_is_named_in_the_error() {
        for url in ["http://127.0.0.1:1", "ws://127.0.0.1:1"] {
            match open(url, Path::new("/nowhere")) {
                Err(ChainError::Unreachable { url: named, .. }) => assert_eq!(named, url),
                Err(other) => panic!("{other}"),
                Ok(_) => panic!("something answers at {url}"),
            }
        }
    }
}
