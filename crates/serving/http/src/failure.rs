//! The one place where failures become status codes of HTTP.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fastserve_serve::{ErrorKind, ServeError};
use serde_json::json;

/// A failure, as a client reads it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What the server says.
    Serve(ServeError),
    /// There is no such address.
    NoRoute,
    /// The address is there, for other methods.
    Method,
    /// The body did not come in time.
    TooSlow,
    /// The body is packed in a way that nobody can read here.
    Packing(String),
    /// The server failed at the body.
    Broken,
    /// Clients may not do this.
    NotAllowed(&'static str),
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        Failure::Serve(error)
    }
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self {
            Failure::Serve(error) => status(error.kind()),
            Failure::NoRoute => StatusCode::NOT_FOUND,
            Failure::Method => StatusCode::METHOD_NOT_ALLOWED,
            Failure::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Failure::Packing(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Failure::Broken => StatusCode::INTERNAL_SERVER_ERROR,
            Failure::NotAllowed(_) => StatusCode::FORBIDDEN,
        }
    }

    fn text(&self) -> String {
        match self {
            Failure::Serve(error) => error.to_string(),
            Failure::NoRoute => "there is no such address; /openapi.json lists them".into(),
            Failure::Method => "this address does not take this method; the header Allow names those that it takes".into(),
            Failure::TooSlow => "the body did not come in time".into(),
            Failure::Packing(encoding) => format!("bodies may be packed with gzip or deflate, not `{encoding}`"),
            Failure::Broken => "the server failed at the body".into(),
            Failure::NotAllowed(what) => (*what).into(),
        }
    }
}

fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Unavailable | ErrorKind::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Invalid => StatusCode::BAD_REQUEST,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        // nginx's "client closed request"; nobody reads it.
        ErrorKind::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::REQUEST_TIMEOUT),
        ErrorKind::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        ErrorKind::AlreadyExists => StatusCode::CONFLICT,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(json!({ "error": self.text() }).to_string()));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Failure::Serve(error) = &self
            && let Some(wait) = error.retry_after()
        {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs_f64().ceil().max(1.0) as u64));
        }
        response
    }
}
