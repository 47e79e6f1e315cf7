//! Certificates for one step, made by OpenSSL.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;

/// A certificate authority with its files in one directory.
pub struct Authority {
    directory: PathBuf,
    /// Its own certificate.
    pub certificate: PathBuf,
}

/// A certificate and its key.
pub struct Credential {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

const KEY: [&str; 5] = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
];

impl Authority {
    pub fn new(directory: &Path) -> Outcome<Authority> {
        fs::create_dir_all(directory)?;
        openssl(
            directory,
            &[
                &["req", "-x509", "-days", "2", "-subj", "/CN=authority"],
                &KEY[..],
                &["-keyout", "authority.key", "-out", "authority.pem"],
            ],
        )?;
        Ok(Authority {
            directory: directory.to_owned(),
            certificate: directory.join("authority.pem"),
        })
    }

    /// Signs a certificate for 127.0.0.1.
    pub fn issue(&self, name: &str) -> Outcome<Credential> {
        let file = |ending: &str| format!("{name}.{ending}");
        let [request, key, pem, names] = ["csr", "key", "pem", "cnf"].map(file);
        fs::write(
            self.directory.join(&names),
            "subjectAltName=IP:127.0.0.1,DNS:example.test\n",
        )?;
        openssl(
            &self.directory,
            &[
                &["req", "-subj", "/CN=127.0.0.1"],
                &KEY[..],
                &["-keyout", &key, "-out", &request],
            ],
        )?;
        openssl(
            &self.directory,
            &[
                &["x509", "-req", "-days", "2", "-in", &request],
                &["-CA", "authority.pem", "-CAkey", "authority.key"],
                &["-CAcreateserial", "-extfile", &names, "-out", &pem],
            ],
        )?;
        Ok(Credential {
            certificate: self.directory.join(pem),
            key: self.directory.join(key),
        })
    }
}

fn openssl(directory: &Path, words: &[&[&str]]) -> Outcome {
    let output = Command::new("openssl")
        .args(words.concat())
        .current_dir(directory)
        .output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("openssl: {}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}
