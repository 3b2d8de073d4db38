//! `AttributeProto` to attributes.

use fastserve_ir::{Attr, Attrs};

use crate::error::{OnnxError, Refusal, shown};
use crate::tensors::Data;
use crate::view::{self, Numbers, Width};
use crate::wire::Span;

/// The attributes of a node; `given` are those of the call of the function that it stands in, and `place` names it in errors.
///
/// # Errors
/// The first attribute that is wrong, or all that are of a kind that is not supported.
pub(crate) fn read(spans: &[Span<'_>], data: &mut Data<'_>, given: &Attrs, place: &str) -> Result<Attrs, Refusal> {
    let (mut attrs, mut unsupported) = (Attrs::new(), Vec::new());
    for &span in spans {
        let proto = view::Attribute::read(span)?;
        if attrs.get(proto.name).is_some() {
            return Err(OnnxError::invalid(place, format!("attribute `{}` is there twice", shown(proto.name))).into());
        }
        if !proto.reference.is_empty() {
            given.get(proto.reference).into_iter().for_each(|value| attrs.set(proto.name, value.clone()));
            continue;
        }
        match attr(&proto, data, place) {
            Ok(value) => attrs.set(proto.name, value),
            Err(Refusal::Unsupported(why)) => unsupported.push(why),
            Err(wrong) => return Err(wrong),
        }
    }
    if unsupported.is_empty() { Ok(attrs) } else { Err(Refusal::Unsupported(unsupported.join("; "))) }
}

fn attr(proto: &view::Attribute<'_>, data: &mut Data<'_>, place: &str) -> Result<Attr, Refusal> {
    let kind = match proto.kind {
        1 => return Ok(Attr::Float(proto.f)),
        2 => return Ok(Attr::Int(proto.i)),
        3 => return Ok(Attr::Str(proto.s.to_owned())),
        4 => return tensor(proto, data, place),
        6 => return floats(proto),
        7 => return ints(proto),
        8 => return strings(proto),
        5 => "a graph",
        9 => "tensors",
        10 => "graphs",
        11 | 12 => "a sparse tensor",
        13 | 14 => "a type",
        other => {
            return Err(OnnxError::invalid(place, format!("attribute `{}`: {other} is no kind of attribute", shown(proto.name))).into());
        }
    };
    Err(Refusal::Unsupported(format!("attribute `{}` is {kind}", shown(proto.name))))
}

fn tensor(proto: &view::Attribute<'_>, data: &mut Data<'_>, place: &str) -> Result<Attr, Refusal> {
    let place = format!("{place}, attribute `{}`", shown(proto.name));
    let span = proto.t.ok_or_else(|| OnnxError::invalid(&*place, "expected a tensor, got nothing"))?;
    let tensor = data.tensor(&view::Tensor::read(span)?, &place);
    tensor.map(Attr::Tensor).map_err(|refusal| match refusal {
        Refusal::Unsupported(why) => Refusal::Unsupported(format!("attribute `{}`: {why}", shown(proto.name))),
        wrong => wrong,
    })
}

fn ints(proto: &view::Attribute<'_>) -> Result<Attr, Refusal> {
    let all = || Numbers::new(proto.span, 8, Width::Varint);
    let mut list = Vec::with_capacity(all().count());
    for v in all() {
        list.push(v? as i64);
    }
    Ok(Attr::Ints(list))
}

fn strings(proto: &view::Attribute<'_>) -> Result<Attr, Refusal> {
    let mut list = Vec::new();
    for field in proto.span.fields() {
        let field = field?;
        if field.tag == 9 {
            list.push(field.text()?.to_owned());
        }
    }
    Ok(Attr::Strs(list))
}

fn floats(proto: &view::Attribute<'_>) -> Result<Attr, Refusal> {
    let all = || Numbers::new(proto.span, 7, Width::Fixed32);
    let mut list = Vec::with_capacity(all().count());
    for v in all() {
        list.push(f32::from_bits(v? as u32));
    }
    Ok(Attr::Floats(list))
}
