//! Where a page ended, as a text that can be handed back.

use std::fmt::Write;

use crate::SearchError;

/// The place of a match in the order of an answer. Pages are cut between places, so that they fit
/// together even when files change between them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Place {
    /// The key that ranks the file before its path; `None` where files are in path order.
    pub(crate) rank: Option<Rank>,
    /// The file.
    pub(crate) path: Vec<u8>,
    /// Where in the file; `None`: the file is done with.
    pub(crate) inside: Option<Inside>,
}

/// A place in a file that is not done with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Inside {
    /// The offset of the last match given.
    pub(crate) offset: u64,
    /// How many of the file's matches were given, on all pages: a cap counts them together.
    pub(crate) given: usize,
}

/// What files are ordered by where relevance counts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Rank {
    pub(crate) generated: bool,
    /// Newest first.
    pub(crate) age: std::cmp::Reverse<i64>,
}

impl Place {
    pub(crate) fn encode(&self) -> String {
        let mut text = match self.rank {
            None => "p".to_owned(),
            Some(rank) => format!("r{}{}", if rank.generated { '+' } else { '-' }, rank.age.0),
        };
        text.push('@');
        if let Some(Inside { offset, given }) = self.inside {
            let _ = write!(text, "{offset}+{given}");
        }
        text.push(':');
        for &byte in &self.path {
            if byte.is_ascii_graphic() && byte != b'%' {
                text.push(char::from(byte));
            } else {
                let _ = write!(text, "%{byte:02x}");
            }
        }
        text
    }

    pub(crate) fn decode(text: &str) -> Result<Self, SearchError> {
        parse(text).ok_or_else(|| SearchError::Cursor { cursor: text.to_owned() })
    }
}

fn parse(text: &str) -> Option<Place> {
    let (head, path) = text.split_once(':')?;
    let (rank, inside) = head.split_once('@')?;
    let rank = match rank.strip_prefix('r') {
        None => (rank == "p").then_some(None)?,
        Some(rank) => {
            let generated = match rank.as_bytes().first()? {
                b'+' => true,
                b'-' => false,
                _ => return None,
            };
            Some(Rank { generated, age: std::cmp::Reverse(rank.get(1..)?.parse().ok()?) })
        }
    };
    let inside = match inside.split_once('+') {
        Some((offset, given)) => Some(Inside { offset: offset.parse().ok()?, given: given.parse().ok()? }),
        None => inside.is_empty().then_some(None)?,
    };
    let mut bytes = path.bytes();
    let mut path = Vec::new();
    while let Some(byte) = bytes.next() {
        path.push(match byte {
            b'%' => {
                let digit =
                    |byte: Option<u8>| char::from(byte?).to_digit(16).and_then(|it| u8::try_from(it).ok());
                digit(bytes.next())? * 16 + digit(bytes.next())?
            }
            byte => byte,
        });
    }
    Some(Place { rank, path, inside })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_survives_the_way_out_and_back() {
        for rank in [None, Some(Rank { generated: true, age: std::cmp::Reverse(-5) })] {
            for path in [&b"a/b c%.ts"[..], b"", b"\xff:@\n"] {
                let ends = [(0, 0), (u64::MAX, usize::MAX)].map(|(offset, given)| Inside { offset, given });
                for inside in ends.map(Some).into_iter().chain([None]) {
                    let place = Place { rank, path: path.to_vec(), inside };
                    assert_eq!(Place::decode(&place.encode()).unwrap(), place);
                }
            }
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in
            ["", "p", "p@", "x@:a", "r@:a", "r+x@:a", "p@x:a", "p@1:a", "p@1+:a", "p@1+1:%f", "p@1+1:%zz"]
        {
            assert_eq!(Place::decode(text).unwrap_err().code(), "ERR_CURSOR", "{text}");
        }
    }
}
