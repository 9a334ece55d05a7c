//! YAML text → values. The caller reads every scalar ([`ScalarReader`]), so that no library decides what a number is.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value};

/// The deepest nesting of collections.
const MAX_DEPTH: usize = 120;
/// The most values of a text, with every alias counted as the values it stands for.
const MAX_VALUES: usize = 2_000_000;

/// A scalar as it is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scalar<'s> {
    /// Its text, without quotes.
    pub text: &'s str,
    /// It is neither quoted nor a block, so that its text decides what it is.
    pub plain: bool,
    /// Its tag, for example `!!str` or `!Ref`.
    pub tag: Option<&'s Tag>,
    /// 1-based line.
    pub line: usize,
}

/// Decides which value a scalar has.
pub(crate) trait ScalarReader {
    /// The value of a scalar, its tag included.
    fn scalar(&mut self, scalar: Scalar<'_>) -> Value;
    /// The key of a field.
    fn key(&mut self, scalar: Scalar<'_>) -> String {
        scalar.text.to_owned()
    }
    /// The value of a collection with a custom tag.
    fn tagged(&mut self, _tag: &str, value: Value) -> Value {
        value
    }
    /// Whether the fields of `<<: *anchor` become fields of the mapping that contains it.
    fn merges_anchors(&self) -> bool {
        false
    }
}

/// Why a text cannot be read as YAML, or as cluster objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct YamlError {
    /// The reason, in a few words.
    pub message: String,
    /// 1-based line.
    pub line: usize,
}

/// A collection that is not closed yet.
struct Open {
    anchor: usize,
    tag: Option<String>,
    items: Items,
}

enum Items {
    List(Vec<Value>),
    /// The fields, and the key whose value has not been read yet.
    Fields(Map<String, Value>, Option<String>),
}

struct Builder<'r> {
    reading: &'r mut dyn ScalarReader,
    open: Vec<Open>,
    anchors: HashMap<usize, (Value, usize)>,
    values: usize,
    document: Option<Value>,
}

/// The documents of a text that are not empty.
///
/// # Errors
/// The text is not valid YAML, or exceeds [`MAX_DEPTH`] or [`MAX_VALUES`].
pub(crate) fn yaml_documents(
    text: &str,
    reading: &mut dyn ScalarReader,
) -> Result<Vec<Value>, YamlError> {
    let mut builder =
        Builder { reading, open: Vec::new(), anchors: HashMap::new(), values: 0, document: None };
    let mut documents = Vec::new();
    let mut line = 1;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| YamlError {
            message: error.info(),
            line: error.marker().line().max(1),
        })?;
        line = span.start.line().max(1);
        if event == Event::DocumentEnd {
            documents.extend(builder.document.take().filter(|value| !value.is_null()));
        } else {
            builder.take(event, line).map_err(|message| YamlError { message, line })?;
        }
    }
    let open =
        if builder.open.is_empty() { None } else { Some("the text ends within a collection") };
    open.map_or(Ok(documents), |message| Err(YamlError { message: message.to_owned(), line }))
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let scalar = Scalar {
                    text: &text,
                    plain: style == ScalarStyle::Plain,
                    tag: tag.as_deref(),
                    line,
                };
                if let Some(Open { items: Items::Fields(_, key @ None), .. }) = self.open.last_mut()
                {
                    *key = Some(self.reading.key(scalar));
                    return Ok(());
                }
                let value = self.reading.scalar(scalar);
                self.put(value, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.begin(anchor, tag.as_deref(), Items::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.begin(anchor, tag.as_deref(), Items::Fields(Map::new(), None))
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => {
                let (value, size) =
                    self.anchors.get(&anchor).cloned().ok_or("an alias names no anchor")?;
                self.values += size;
                self.put(value, 0)
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, anchor: usize, tag: Option<&Tag>, items: Items) -> Result<(), String> {
        if self.open.len() >= MAX_DEPTH {
            return Err("the collections are nested too deeply".to_owned());
        }
        let tag = tag.filter(|tag| !tag.is_yaml_core_schema()).map(Tag::original);
        self.open.push(Open { anchor, tag, items });
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let open = self.open.pop().ok_or("a collection ends that did not begin")?;
        let value = match open.items {
            Items::List(items) => Value::Array(items),
            Items::Fields(fields, _) => {
                Value::Object(if self.reading.merges_anchors() { merged(fields) } else { fields })
            }
        };
        let value = match open.tag {
            Some(tag) => self.reading.tagged(&tag, value),
            None => value,
        };
        self.put(value, open.anchor)
    }

    fn put(&mut self, value: Value, anchor: usize) -> Result<(), String> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err("the text contains too many values".to_owned());
        }
        if anchor > 0 {
            self.anchors.insert(anchor, (value.clone(), size(&value)));
        }
        match self.open.last_mut().map(|open| &mut open.items) {
            None => self.document = Some(value),
            Some(Items::List(items)) => items.push(value),
            Some(Items::Fields(fields, key)) => match key.take() {
                None => *key = Some(value.as_str().ok_or("a key is a collection")?.to_owned()),
                Some(name) if fields.contains_key(&name) => {
                    return Err(format!("the key `{name}` occurs twice"));
                }
                Some(name) => drop(fields.insert(name, value)),
            },
        }
        Ok(())
    }
}

/// The mapping with the fields of the mappings that `<<` names. Its own fields take precedence.
fn merged(mut fields: Map<String, Value>) -> Map<String, Value> {
    let others = match fields.shift_remove("<<") {
        Some(Value::Object(other)) => vec![Value::Object(other)],
        Some(Value::Array(others)) => others,
        Some(other) => {
            fields.insert("<<".to_owned(), other);
            return fields;
        }
        None => return fields,
    };
    for (name, value) in others
        .into_iter()
        .filter_map(|other| if let Value::Object(other) = other { Some(other) } else { None })
        .flatten()
    {
        fields.entry(name).or_insert(value);
    }
    fields
}

/// The number of values in a value, itself included.
fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(size).sum::<usize>(),
        _ => 1,
    }
}
