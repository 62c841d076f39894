//! What a line of the library's source says, for subjects that stay the same when lines above change.

/// The code of a line, without a comment after it.
pub(super) fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// The name of the function that a line of code begins.
pub(super) fn function(code: &str) -> Option<&str> {
    let (_, rest) = code.split_once("fn ")?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_and_comments_are_told_apart() {
        assert_eq!(function(code("    pub(crate) const fn at<T>(offset: usize) {")), Some("at"));
        assert_eq!(function(code("    // fn at()")), None);
        assert_eq!(code("set(1); // the first"), "set(1); ");
    }
}
