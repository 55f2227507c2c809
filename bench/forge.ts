/** Handshakes of node-forge, another TLS implementation in JavaScript, in memory. @module */
import forge from "npm:node-forge@^1.3.1";
import * as Golden from "../tests/golden/certificates.ts";

/** The part of node-forge that is used here; it has no types of its own. */
interface Connection {
  readonly handshake: (sessionId?: string) => void;
  readonly process: (bytes: string) => void;
  readonly close: () => void;
  readonly session: { readonly id: string; readonly resuming: boolean };
  readonly tlsData: { readonly getBytes: () => string };
}
interface Certificate {
  publicKey: unknown;
  serialNumber: string;
  readonly validity: { notBefore: Date; notAfter: Date };
  readonly setSubject: (names: ReadonlyArray<object>) => void;
  readonly setIssuer: (names: ReadonlyArray<object>) => void;
  readonly setExtensions: (extensions: ReadonlyArray<object>) => void;
  readonly sign: (key: unknown, digest: unknown) => void;
}
interface Forge {
  readonly pki: {
    readonly createCertificate: () => Certificate;
    readonly certificateToPem: (certificate: Certificate) => string;
    readonly privateKeyFromPem: (pem: string) => { readonly n: unknown; readonly e: unknown };
    readonly setRsaPublicKey: (n: unknown, e: unknown) => unknown;
  };
  readonly md: { readonly sha256: { readonly create: () => unknown } };
  readonly tls: {
    readonly createConnection: (options: object) => Connection;
    readonly createSessionCache: (cache: object, capacity: number) => object;
    readonly CipherSuites: Readonly<Record<string, unknown>>;
  };
}
const { md, pki, tls } = forge as Forge;

const { privateKey } = Golden.server("rsa");

/** A self-signed certificate, for RSA: node-forge supports no other key. */
export const selfSigned: string = (() => {
  const key = pki.privateKeyFromPem(privateKey);
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.setRsaPublicKey(key.n, key.e);
  certificate.serialNumber = "01";
  certificate.validity.notBefore = new Date("2020-01-01");
  certificate.validity.notAfter = new Date("2049-01-01");
  const names = [{ name: "commonName", value: "localhost" }];
  certificate.setSubject(names);
  certificate.setIssuer(names);
  certificate.setExtensions([{ name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] }]);
  certificate.sign(key, md.sha256.create());
  return pki.certificateToPem(certificate);
})();

/** A function that runs one handshake between two ends of node-forge: RSA-2048 key transport, AES-128-CBC, SHA-1. */
export const forgeHandshakes = (how: "full" | "resumed"): () => void => {
  const cipherSuites = [tls.CipherSuites["TLS_RSA_WITH_AES_128_CBC_SHA"]];
  const caches = [tls.createSessionCache({}, 100), tls.createSessionCache({}, 100)];
  let sessionId: string | undefined;
  const once = (): boolean => {
    let connected = 0;
    const end = (server: boolean, other: () => Connection): Connection =>
      tls.createConnection({
        server,
        sessionCache: how === "resumed" ? caches[server ? 0 : 1] : null,
        cipherSuites,
        virtualHost: "localhost",
        caStore: [selfSigned],
        verify: (_: Connection, verified: unknown) => verified,
        getCertificate: () => selfSigned,
        getPrivateKey: () => privateKey,
        connected: () => void connected++,
        tlsDataReady: (c: Connection) => other().process(c.tlsData.getBytes()),
        dataReady: () => {},
        closed: () => {},
        error: (_: Connection, error: { readonly message: string }) => {
          throw new Error(error.message);
        },
      });
    const client: Connection = end(false, () => server);
    const server: Connection = end(true, () => client);
    client.handshake(sessionId);
    if (connected !== 2) throw new Error("node-forge did not connect");
    const { resuming } = client.session;
    if (how === "resumed") sessionId = client.session.id;
    client.close();
    return resuming;
  };
  once();
  return () => {
    if (once() !== (how === "resumed")) throw new Error(`node-forge's handshake is not ${how}`);
  };
};
