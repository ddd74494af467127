//! The watcher's side of fraud proof 8: walks a published tree top-down.

use super::*;
use crate::Hash;

/// Walks from the top towards leaf `index` by looking up preimages, until the first fault or the leaf.
///
/// `preimage(hash)` gives the bytes that a node or leaf hashes, `None` if they are not published (then they must be requested).
///
/// # Errors
/// [`Error::Absent`] if a preimage is not published.
pub fn descend<H: Hasher>(
    tree: SumTree,
    head: &SumHead,
    index: u64,
    preimage: &impl Fn(&Hash) -> Option<Vec<u8>>,
) -> Result<Descent, Error> {
    let kind = tree.kind();
    let mut descent = Descent { index, nodes: Vec::new(), last: None };
    let mut expected = head.node();
    for level in (0..levels(head.count)).rev() {
        if !paired(index, level, head.count) {
            continue;
        }
        let bytes = preimage(&expected.hash).ok_or(Error::Absent)?;
        let Some((left, right)) = split(kind, &bytes) else {
            descent.last = Some(bytes);
            return Ok(descent);
        };
        descent.nodes.push((left, right));
        if left.sum.checked_add(right.sum) != Some(expected.sum) {
            return Ok(descent);
        }
        expected = if (index >> level) & 1 == 1 { right } else { left };
    }
    descent.last = Some(preimage(&expected.hash).ok_or(Error::Absent)?);
    Ok(descent)
}

fn split(kind: Tree, bytes: &[u8]) -> Option<(Node, Node)> {
    if bytes.len() != 97 {
        return None;
    }
    let (tag, mut rest) = bytes.split_first()?;
    if *tag != kind.node_tag() {
        return None;
    }
    <(Node, Node)>::decode(&mut rest).ok()
}

/// The first fault of a published tree, as a witness; `None` if it is sound.
///
/// Opens every leaf top-down: O(n log n) hashes.
///
/// # Errors
/// [`Error::Absent`] if a preimage is not published.
pub fn find<H: Hasher>(
    tree: SumTree,
    report: &ReportBody,
    preimage: &impl Fn(&Hash) -> Option<Vec<u8>>,
) -> Result<Option<TreeWitness>, Error> {
    let head = tree.head(report);
    let wrong_head = TreeWitness { tree, fault: TreeFault::Head };
    if check::<H>(report, &wrong_head).is_ok() {
        return Ok(Some(wrong_head));
    }
    let mut before: Option<(Descent, Leaf)> = None;
    for index in 0..head.count {
        let descent = descend::<H>(tree, &head, index, preimage)?;
        match walk::<H>(tree, &head, &descent)? {
            Walked::Fraud(_) => {
                return Ok(Some(TreeWitness { tree, fault: TreeFault::Way(descent) }));
            }
            Walked::Leaf(leaf) => {
                if let Some((last, earlier)) = before {
                    if !earlier.before(&leaf) {
                        let fault = TreeFault::Order(last, descent);
                        return Ok(Some(TreeWitness { tree, fault }));
                    }
                }
                before = Some((descent, leaf));
            }
        }
    }
    Ok(None)
}
