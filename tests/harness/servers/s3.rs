//! A bucket of one test: as much of S3 as an archive needs, in memory, on a port of the loopback.
//!
//! PUT with `If-None-Match`, uploads in parts, HEAD and GET of ranges. It checks who asks by the name of the key only, and
//! can be told to refuse what would be written.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The name of the key that it knows.
pub const KEY: &str = "plant-key";

/// A server with one bucket, `plant`.
#[derive(Debug)]
pub struct Bucket {
    pub port: u16,
    inside: Arc<Mutex<Inside>>,
}

#[derive(Debug, Default)]
struct Inside {
    objects: BTreeMap<String, Vec<u8>>,
    uploads: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    count: u64,
    refuses: bool,
}

struct Request {
    method: String,
    key: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Bucket {
    /// The thread ends with the test's process.
    pub fn start() -> Bucket {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the loopback can be bound");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let inside = Arc::new(Mutex::new(Inside::default()));
        let shared = inside.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                // A client that hangs up is no trouble of ours.
                std::thread::spawn(move || drop(serve(stream, &shared)));
            }
        });
        Bucket { port, inside }
    }

    /// What a program is told to find it.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT", format!("http://127.0.0.1:{}", self.port)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
        ]
    }

    fn inside(&self) -> std::sync::MutexGuard<'_, Inside> {
        self.inside.lock().expect("no test panics while it holds this")
    }

    /// Names and bytes of what is in it.
    pub fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        self.inside().objects.clone()
    }

    /// Uploads that were begun and neither finished nor given up.
    pub fn unfinished(&self) -> usize {
        self.inside().uploads.len()
    }

    /// From now on nothing may be written.
    pub fn refuse(&self) {
        self.inside().refuses = true;
    }
}

fn serve(stream: TcpStream, inside: &Mutex<Inside>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = hear(&mut reader)? {
        let answer = inside.lock().expect("no test panics while it holds this").answer(&request);
        let (status, headers, body) = answer;
        let length = headers.iter().find(|(name, _)| *name == "content-length");
        let length = length.map_or(body.len().to_string(), |(_, length)| length.clone());
        let out = reader.get_mut();
        write!(out, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\n")?;
        for (name, value) in headers.iter().filter(|(name, _)| *name != "content-length") {
            write!(out, "{name}: {value}\r\n")?;
        }
        out.write_all(b"\r\n")?;
        if request.method != "HEAD" {
            out.write_all(&body)?;
        }
        out.flush()?;
    }
    Ok(())
}

fn hear(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pair =
        |pair: &str| pair.split_once('=').map_or((pair.to_owned(), String::new()), |(a, b)| (a.into(), b.into()));
    let key = path.strip_prefix("/plant/").unwrap_or_default().to_owned();
    Ok(Some(Request { method, key, query: pairs.map(pair).collect(), headers, body }))
}

type Answer = (&'static str, Vec<(&'static str, String)>, Vec<u8>);

fn xml(status: &'static str, text: String) -> Answer {
    (status, vec![("content-type", "application/xml".to_owned())], text.into_bytes())
}

fn fault(status: &'static str, code: &str) -> Answer {
    xml(status, format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>"))
}

impl Inside {
    fn answer(&mut self, request: &Request) -> Answer {
        let told =
            request.headers.get("authorization").is_some_and(|line| line.contains(&format!("Credential={KEY}/")));
        let writes = matches!(request.method.as_str(), "PUT" | "POST");
        if !told || request.key.is_empty() || (writes && self.refuses) {
            return fault("403 Forbidden", "AccessDenied");
        }
        let upload = request.query.get("uploadId").cloned();
        match (request.method.as_str(), upload) {
            ("PUT", Some(upload)) => self.part(request, &upload),
            ("PUT", None) => self.put(request),
            ("POST", Some(upload)) => self.complete(request, &upload),
            ("POST", None) => {
                self.count += 1;
                let upload = self.count.to_string();
                self.uploads.insert(upload.clone(), BTreeMap::new());
                let told = format!("<Bucket>plant</Bucket><Key>{}</Key><UploadId>{upload}</UploadId>", request.key);
                xml("200 OK", format!("<InitiateMultipartUploadResult>{told}</InitiateMultipartUploadResult>"))
            }
            ("DELETE", Some(upload)) => {
                self.uploads.remove(&upload);
                ("204 No Content", Vec::new(), Vec::new())
            }
            ("GET" | "HEAD", _) => self.get(request),
            _ => fault("501 Not Implemented", "NotImplemented"),
        }
    }

    fn put(&mut self, request: &Request) -> Answer {
        let only_new = request.headers.get("if-none-match").is_some_and(|tag| tag == "*");
        if only_new && self.objects.contains_key(&request.key) {
            return fault("412 Precondition Failed", "PreconditionFailed");
        }
        self.objects.insert(request.key.clone(), request.body.clone());
        ("200 OK", vec![("etag", "\"whole\"".to_owned())], Vec::new())
    }

    fn part(&mut self, request: &Request, upload: &str) -> Answer {
        let number = request.query.get("partNumber").and_then(|number| number.parse().ok()).unwrap_or(0);
        match self.uploads.get_mut(upload) {
            Some(parts) => {
                parts.insert(number, request.body.clone());
                ("200 OK", vec![("etag", format!("\"part{number}\""))], Vec::new())
            }
            None => fault("404 Not Found", "NoSuchUpload"),
        }
    }

    fn complete(&mut self, request: &Request, upload: &str) -> Answer {
        let Some(parts) = self.uploads.remove(upload) else { return fault("404 Not Found", "NoSuchUpload") };
        // As S3 has it: all but the last part must be large.
        let small = parts.values().rev().skip(1).any(|part| part.len() < 5 * 1024 * 1024);
        if small {
            return fault("400 Bad Request", "EntityTooSmall");
        }
        self.objects.insert(request.key.clone(), parts.into_values().flatten().collect());
        let told = format!("<Bucket>plant</Bucket><Key>{}</Key><ETag>\"whole\"</ETag>", request.key);
        xml("200 OK", format!("<CompleteMultipartUploadResult>{told}</CompleteMultipartUploadResult>"))
    }

    fn get(&self, request: &Request) -> Answer {
        let Some(bytes) = self.objects.get(&request.key) else { return fault("404 Not Found", "NoSuchKey") };
        let mut headers =
            vec![("etag", "\"whole\"".to_owned()), ("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT".to_owned())];
        if request.method == "HEAD" {
            headers.push(("content-length", bytes.len().to_string()));
            return ("200 OK", headers, Vec::new());
        }
        let range = request.headers.get("range").and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
        let Some((from, to)) = range else { return ("200 OK", headers, bytes.clone()) };
        let from: usize = from.parse().unwrap_or(0);
        let end = to.parse::<usize>().map_or(bytes.len(), |to| (to + 1).min(bytes.len()));
        let Some(some) = bytes.get(from..end) else { return fault("416 Range Not Satisfiable", "InvalidRange") };
        headers.push(("content-range", format!("bytes {from}-{}/{}", end - 1, bytes.len())));
        ("206 Partial Content", headers, some.to_vec())
    }
}
