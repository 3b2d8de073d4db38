//! Looks at the whole file before anything of it is loaded: that it is a message of this format, that it does not nest too
//! deep, that names are short text, and that what it will take in memory is bounded by its own length.

use crate::error::OnnxError;
use crate::limits::{HEAP_BASE_BYTES, HEAP_PER_FILE_BYTE, HEAP_RESERVE_BYTES, MAX_DEPTH, MAX_NAME_BYTES};
use crate::packed;
use crate::schema::{self, Kind, MAX_FIELDS, Message};
use crate::tensors;
use crate::view;
use crate::wire::{Cursor, Field, Span, Value, WireError};

/// The heap that loading may still take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    left: usize,
}

impl Budget {
    /// Nothing at all.
    pub(crate) fn none() -> Self {
        Self { left: 0 }
    }

    fn of_file(len: usize) -> Self {
        Self { left: HEAP_BASE_BYTES - HEAP_RESERVE_BYTES }.with_file(len)
    }

    /// More of it, for another file of `len` bytes.
    pub(crate) fn with_file(self, len: usize) -> Self {
        Self { left: self.left.saturating_add(len.saturating_mul(HEAP_PER_FILE_BYTE)) }
    }

    /// Takes `bytes` of it, if so much is left.
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

/// Scans a file; what is left of its budget is for external data.
///
/// # Errors
/// `Malformed` and `Limit`, with the offset and the field.
pub(crate) fn scan(bytes: &[u8]) -> Result<Budget, OnnxError> {
    scan_as(bytes, &schema::MODEL)
}

/// Scans a file that is another message: a single value.
///
/// # Errors
/// As [`scan`].
pub(crate) fn scan_as(bytes: &[u8], message: &'static Message) -> Result<Budget, OnnxError> {
    let mut scan = Scan { path: Vec::new(), budget: Budget::of_file(bytes.len()), len: bytes.len() };
    scan.message(Span::of(bytes), message)?;
    Ok(scan.budget)
}

/// A step of the path to a field.
struct Step {
    name: &'static str,
    index: Option<u32>,
}

struct Scan {
    path: Vec<Step>,
    budget: Budget,
    len: usize,
}

impl Scan {
    fn message(&mut self, span: Span<'_>, schema: &'static Message) -> Result<(), OnnxError> {
        if self.path.len() > MAX_DEPTH {
            return Err(self.limit(span.offset, format!("messages nest deeper than {MAX_DEPTH}")));
        }
        let mut seen = [0u32; MAX_FIELDS];
        for field in span.fields() {
            let field = field.map_err(|e| self.malformed(e))?;
            let Some((at, def)) = schema.find(field.tag) else { continue };
            self.path.push(Step { name: def.name, index: def.list.then_some(seen[at]) });
            self.field(def, &field, seen[at])?;
            self.path.pop();
            seen[at] = seen[at].saturating_add(1);
        }
        if std::ptr::eq(schema, &schema::TENSOR) { self.unpacking(span) } else { Ok(()) }
    }

    /// Elements that lie packed in a tensor's `raw_data` take more than its bytes, which are charged.
    fn unpacking(&mut self, tensor: Span<'_>) -> Result<(), OnnxError> {
        let proto = view::Tensor::read(tensor).map_err(|e| self.malformed(e))?;
        let each = tensors::dtype(proto.data_type, "").map_or(1, packed::codes_in_byte);
        let Some(raw) = proto.raw_data.filter(|_| each > 1) else { return Ok(()) };
        let field = Field { tag: 0, offset: raw.offset, value: Value::Bytes(raw) };
        self.charge(&field, raw.bytes.len().saturating_mul(each - 1))
    }

    fn field(&mut self, def: &'static schema::Field, field: &Field<'_>, before: u32) -> Result<(), OnnxError> {
        match (def.kind, field.value) {
            (Kind::Varint, Value::Varint(_)) | (Kind::Fixed32, Value::Fixed32(_)) | (Kind::Fixed64, Value::Fixed64(_)) => {
                self.charge(field, def.cost)
            }
            (Kind::Varint | Kind::Fixed32 | Kind::Fixed64, Value::Bytes(span)) if def.list => self.packed(def, field, span),
            (Kind::Name, Value::Bytes(span)) => self.name(def, field, span),
            (Kind::Text, Value::Bytes(span)) => {
                field.text().map_err(|e| self.malformed(e))?;
                self.charge(field, 2 * span.bytes.len())
            }
            (Kind::Bytes, Value::Bytes(span)) => self.charge(field, span.bytes.len()),
            (Kind::Unread, _) => Ok(()),
            (Kind::Message(inner), Value::Bytes(span)) => {
                if before > 0 && !def.list {
                    return Err(self.malformed(WireError::new(field.offset, "is there twice")));
                }
                self.charge(field, def.cost)?;
                self.message(span, inner)
            }
            (_, value) => Err(self.malformed(WireError::new(field.offset, format!("{} does not belong here", value.kind())))),
        }
    }

    fn name(&mut self, def: &schema::Field, field: &Field<'_>, span: Span<'_>) -> Result<(), OnnxError> {
        let len = span.bytes.len();
        if len > MAX_NAME_BYTES {
            return Err(self.limit(span.offset, format!("a name of {len} bytes: at most {MAX_NAME_BYTES} are read")));
        }
        field.text().map_err(|e| self.malformed(e))?;
        self.charge(field, def.cost + 2 * len)
    }

    /// A packed list of numbers: each is looked at, and charged.
    fn packed(&mut self, def: &schema::Field, field: &Field<'_>, span: Span<'_>) -> Result<(), OnnxError> {
        let bytes = span.bytes;
        let (count, whole) = match def.kind {
            Kind::Fixed32 => (bytes.len() / 4, bytes.len().is_multiple_of(4)),
            Kind::Fixed64 => (bytes.len() / 8, bytes.len().is_multiple_of(8)),
            _ => (count_varints(span).map_err(|e| self.malformed(e))?, true),
        };
        if !whole {
            return Err(self.malformed(WireError::new(span.offset, format!("{} bytes are no whole number of elements", bytes.len()))));
        }
        self.charge(field, count.saturating_mul(def.cost))
    }

    fn charge(&mut self, field: &Field<'_>, bytes: usize) -> Result<(), OnnxError> {
        if self.budget.take(bytes) {
            return Ok(());
        }
        let why = format!(
            "loading would take more memory than {} MiB and {HEAP_PER_FILE_BYTE} times the file's {} bytes",
            HEAP_BASE_BYTES >> 20,
            self.len
        );
        Err(self.limit(field.offset, why))
    }

    /// The path to the field at hand: `graph.node[17].attribute[2].t`.
    fn place(&self) -> String {
        let step = |s: &Step| s.index.map_or_else(|| s.name.to_owned(), |i| format!("{}[{i}]", s.name));
        if self.path.is_empty() { "model".into() } else { self.path.iter().map(step).collect::<Vec<_>>().join(".") }
    }

    fn malformed(&self, e: WireError) -> OnnxError {
        OnnxError::Malformed { offset: e.offset, path: self.place(), why: e.why }
    }

    fn limit(&self, offset: usize, why: String) -> OnnxError {
        OnnxError::Limit { offset, path: self.place(), why }
    }
}

fn count_varints(span: Span<'_>) -> Result<usize, WireError> {
    let mut cursor = Cursor(span);
    let mut count = 0;
    while !cursor.is_empty() {
        cursor.varint()?;
        count += 1;
    }
    Ok(count)
}
