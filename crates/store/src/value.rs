//! Values as canonical JSON (RFC 8785): one text per value, so that equal values hash equally.

use serde_json::Value;

use crate::StoreError;

/// The largest value, in bytes of its canonical JSON text.
pub const MAX_VALUE_BYTES: usize = 1024 * 1024;
/// How deep arrays and objects may nest: what `serde_json` is willing to parse back.
pub const MAX_VALUE_DEPTH: usize = 127;

/// The canonical text of a value that is to be stored under `key`.
///
/// Refused are values that would not come back as they were: integers that no double holds (RFC 8785 writes
/// every number as ECMAScript would) and nesting that no reader parses.
pub(crate) fn canonical_value(key: &str, value: &Value) -> Result<String, StoreError> {
    check_exact(value, 0).map_err(|reason| StoreError::InvalidValue { key: key.into(), reason })?;
    let text = canonical(value).map_err(|reason| StoreError::InvalidValue { key: key.into(), reason })?;
    if text.len() > MAX_VALUE_BYTES {
        return Err(StoreError::TooLarge { what: "a value", size: text.len(), limit: MAX_VALUE_BYTES });
    }
    Ok(text)
}

/// The canonical text of a string, with its quotes.
pub(crate) fn canonical_string(text: &str) -> Result<String, String> {
    serde_json_canonicalizer::to_string(&text).map_err(|error| error.to_string())
}

/// Whether a text is the canonical form of the value that it holds.
#[cfg(test)]
fn is_canonical(text: &str) -> bool {
    let parsed: Result<Value, _> = serde_json::from_str(text);
    parsed.is_ok_and(|value| canonical(&value).is_ok_and(|again| again == text))
}

pub(crate) fn canonical(value: &Value) -> Result<String, String> {
    serde_json_canonicalizer::to_string(value).map_err(|error| error.to_string())
}

fn check_exact(value: &Value, depth: usize) -> Result<(), String> {
    match value {
        Value::Number(number) if !number.is_f64() => {
            let written = canonical(value)?;
            if written == number.to_string() {
                Ok(())
            } else {
                Err(format!("the integer {number} would be read back as {written}"))
            }
        }
        Value::Array(_) | Value::Object(_) if depth == MAX_VALUE_DEPTH => {
            Err(format!("it nests deeper than {MAX_VALUE_DEPTH} levels"))
        }
        Value::Array(items) => items.iter().try_for_each(|item| check_exact(item, depth + 1)),
        Value::Object(members) => members.values().try_for_each(|member| check_exact(member, depth + 1)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_example_of_rfc_8785_has_the_text_that_the_rfc_prints() {
        let input = r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
            "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#;
        let expected = "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
            \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
        let value: Value = serde_json::from_str(input).unwrap();
        assert_eq!(canonical_value("k", &value).unwrap(), expected);
    }

    #[test]
    fn members_are_ordered_by_utf16_units_not_by_bytes() {
        let value = json!({ "\u{FB33}": 1, "\u{1F600}": 2 });
        assert_eq!(canonical_value("k", &value).unwrap(), "{\"\u{1F600}\":2,\"\u{FB33}\":1}");
    }

    #[test]
    fn an_integer_that_a_double_cannot_hold_is_refused() {
        for exact in [
            json!(9_007_199_254_740_991_u64),
            json!(-9_007_199_254_740_991_i64),
            json!(9_007_199_254_740_992_u64),
        ] {
            canonical_value("k", &exact).unwrap();
        }
        for inexact in [json!(9_007_199_254_740_993_u64), json!([i64::MIN + 1]), json!({ "a": u64::MAX })] {
            assert_eq!(canonical_value("k", &inexact).unwrap_err().code(), "ERR_INVALID_VALUE");
        }
    }

    #[test]
    fn whatever_is_accepted_is_parsed_back_and_is_canonical() {
        let mut deep = json!(0);
        for _ in 0..MAX_VALUE_DEPTH {
            deep = json!([deep]);
        }
        let text = canonical_value("k", &deep).unwrap();
        assert!(is_canonical(&text));
        assert_eq!(canonical_value("k", &json!([deep])).unwrap_err().code(), "ERR_INVALID_VALUE");
    }

    #[test]
    fn every_double_survives_storing_and_reading() {
        let mut bits = 0x9E37_79B9_7F4A_7C15_u64;
        for _ in 0..20_000 {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let double = f64::from_bits(bits);
            if double.is_finite() {
                let text = canonical_value("k", &json!(double)).unwrap();
                let back: f64 = serde_json::from_str(&text).unwrap();
                assert_eq!(back.to_bits(), double.to_bits(), "{text}");
                assert!(is_canonical(&text), "{text}");
            }
        }
    }

    #[test]
    fn text_that_is_not_the_canonical_form_is_recognised() {
        for text in ["1.0", "{\"b\":1,\"a\":2}", " 1", "{\"a\":1,\"a\":1}", "\"\\u0041\"", "1},{", ""] {
            assert!(!is_canonical(text), "{text}");
        }
    }
}
