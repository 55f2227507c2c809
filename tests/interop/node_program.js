// A program for node:tls, in the manner of Node's documentation: an echo server and its client, which say what they see as
// lines of JSON. tests/interop/node_tls_test.ts runs it as it is, and with its first import changed.
import * as tls from "node:tls";
import fs from "node:fs";
import process from "node:process";

const [role, folder, port, version] = process.argv.slice(2);
const read = (name) => fs.readFileSync(`${folder}/${name}`);
const say = (what) => console.log(JSON.stringify(what));

const options = {
  key: read(role === "server" ? "p256.key" : "client-rsa.key"),
  cert: read(role === "server" ? "p256.pem" : "client-rsa.pem"),
  ca: [read("root.pem")],
  minVersion: version,
  maxVersion: version,
  ciphers: "TLS_AES_256_GCM_SHA384:ECDHE-ECDSA-AES256-GCM-SHA384",
  ecdhCurve: "P-256",
  ALPNProtocols: ["echo", "reverse"],
};

const nameOf = (name) => ({ ...name });
const shapeOf = (
  {
    raw,
    pubkey: _,
    asn1Curve: _1,
    nistCurve: _2,
    infoAccess: _3,
    ext_key_usage: _4,
    issuerCertificate,
    ...rest
  },
) => ({
  ...rest,
  subject: nameOf(rest.subject),
  issuer: nameOf(rest.issuer),
  raw: raw.length,
  above: issuerCertificate && nameOf(issuerCertificate.subject),
});

const seen = (socket) => ({
  role,
  authorized: socket.authorized,
  authorizationError: socket.authorizationError,
  encrypted: socket.encrypted,
  protocol: socket.getProtocol(),
  cipher: socket.getCipher(),
  group: role === "client" ? socket.getEphemeralKeyInfo() : {},
  alpn: socket.alpnProtocol,
  reused: socket.isSessionReused(),
  // In a resumed session, Node's client does not know the certificate, nor up to TLS 1.2 its server the name.
  ...(!socket.isSessionReused() && {
    peer: shapeOf(socket.getPeerCertificate(true)),
    own: socket.getCertificate().fingerprint256,
    x509: socket.getPeerX509Certificate().fingerprint256,
    servername: socket.servername,
  }),
  exported: socket.exportKeyingMaterial(16, "EXPORTER-program", Buffer.from("context")).toString("hex"),
  family: socket.remoteFamily,
  state: socket.readyState,
});

if (role === "server") {
  const server = tls.createServer({ ...options, requestCert: true }, (socket) => {
    say(seen(socket));
    socket.setEncoding("utf8");
    socket.on("error", (error) => say({ error: error.code }));
    socket.pipe(socket);
  });
  server.listen(Number(port), "127.0.0.1", () => say("listening"));
} else {
  let session;
  const visit = (then) => {
    const socket = tls.connect({
      ...options,
      host: "127.0.0.1",
      port: Number(port),
      servername: "localhost",
      session,
    }, () => {
      say(seen(socket));
      socket.write("hello");
    });
    let heard = "";
    socket.setEncoding("utf8");
    socket.on("session", (made) => {
      session = made;
    });
    socket.on("data", (data) => {
      heard += data;
      if (heard === "hello") socket.end(", world");
    });
    socket.on("end", () => say({ heard, resumable: session !== undefined }));
    socket.on("close", (hadError) => {
      say({ hadError });
      then();
    });
    socket.on("error", (error) => say({ error: error.code }));
  };
  visit(() =>
    visit(() => {
      const stranger = tls.connect({
        ...options,
        port: Number(port),
        host: "127.0.0.1",
        servername: "example.org",
      });
      stranger.on("close", (hadError) => say({ hadError, last: true }));
      stranger.on("error", (error) => say({ code: error.code }));
    })
  );
}
