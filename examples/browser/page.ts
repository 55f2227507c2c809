/// <reference lib="dom" />
/**
 * TLS in a web page: the connection is made and the certificate is judged in the browser, over a WebSocket to a relay that only
 * passes bytes on. See `deno task browser --help`.
 *
 * @module
 */
import * as Effect from "npm:effect@^3.22.4/Effect";
import * as Layer from "npm:effect@^3.22.4/Layer";
import {
  ByteStream,
  CertificateVerifier,
  Client,
  type Connection,
  Credentials,
  Crypto,
  Errors,
  Names,
  type PeerCertificate,
  SessionStore,
} from "../../mod.ts";
import * as StartTls from "../../src/starttls/mod.ts";

/** What the form asks for. */
interface Wanted {
  readonly host: string;
  readonly port: string;
  readonly protocol: string;
  readonly roots: string;
}

/** A question to the server once TLS is there, and how many lines of its answer are shown. */
const questions: Readonly<Record<string, string>> = {
  https: "GET / HTTP/1.0\r\n\r\n",
  imap: "a1 CAPABILITY\r\n",
};

type Rows = ReadonlyArray<readonly [name: string, value: string]>;

const connect = ({ host, port, protocol }: Wanted) =>
  Effect.gen(function* () {
    const relay = new URL(`relay/${host}:${port}`, location.href.replace(/^http/, "ws"));
    const stream = ByteStream.fromWebSocket(new WebSocket(relay));
    const over = protocol === "imap" ? (yield* StartTls.client("imap", stream)).stream : stream;
    const connection = yield* Client.over(over, { serverName: host });
    yield* connection.write(new TextEncoder().encode(questions[protocol]));
    const answer = yield* connection.read;
    const rows = yield* described(connection);
    yield* connection.close;
    return [...rows, ["the server says", new TextDecoder().decode(answer).split("\r\n")[0]!]] as Rows;
  }).pipe(Effect.scoped);

/** What was agreed on, and who the server is. */
const described = (connection: Connection): Effect.Effect<Rows> =>
  Effect.gen(function* () {
    const { version, cipherSuite, group } = yield* connection.negotiated;
    const verdict = yield* connection.peerVerdict;
    const [leaf] = yield* connection.peerCertificates;
    return [
      ["version", Names.versionText(version)],
      ["cipher suite", Names.CipherSuite.nameOf(cipherSuite)],
      ["key exchange", group === undefined ? "RSA" : Names.NamedGroup.nameOf(group)],
      ...leaf ? certificate(leaf) : [],
      ["judged here", verdict ? `trusted, by a path of ${verdict.path.length} certificates` : "not judged"],
    ] as const;
  });

const certificate = (leaf: PeerCertificate): Rows =>
  leaf._tag === "UnreadableCertificate" ? [["certificate", `unreadable: ${leaf.reason}`]] : [
    ["certificate", leaf.subject],
    ["issued by", leaf.issuer],
    ["valid until", leaf.notAfter.toISOString().slice(0, 10)],
    ["SHA-256", leaf.fingerprints.sha256],
  ];

/** Shows rows; their text may come from a peer, and is never taken for HTML. */
const show = (verdict: string, isGood: boolean, rows: Rows): void => {
  const result = document.querySelector("#result")!;
  const heading = document.createElement("h2");
  heading.textContent = verdict;
  heading.className = isGood ? "good" : "bad";
  const list = document.createElement("dl");
  for (const [name, value] of rows) {
    const [dt, dd] = [document.createElement("dt"), document.createElement("dd")];
    dt.textContent = name;
    dd.textContent = Errors.printable(value);
    list.append(dt, dd);
  }
  result.replaceChildren(heading, list);
};

const form = document.querySelector("form")!;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const wanted = Object.fromEntries(new FormData(form)) as unknown as Wanted; // the form has these fields
  const layers = Layer.mergeAll(
    Crypto.layerNative,
    SessionStore.layerNone,
    Credentials.layerNone,
    CertificateVerifier.layerRoots(wanted.roots),
  );
  const isServed = servers.some(({ hostname, port }) =>
    hostname === wanted.host && `${port}` === wanted.port
  );
  if (!isServed) {
    const hint = `start the relay with --to ${wanted.host}:${wanted.port}`;
    return show("The relay does not connect there", false, [["what to do", hint]]);
  }
  show("Connecting …", true, []);
  Effect.runPromise(Effect.either(Effect.provide(connect(wanted), layers))).then((result) => {
    if (result._tag === "Right") return show("This page speaks with the right server", true, result.right);
    const { what, hint, rfc } = Errors.explain(result.left as Errors.TlsError);
    const rows = [["why", what], ["what to do", hint ?? ""], ["see", rfc ?? ""]] as const;
    show("There is no connection", false, rows.filter(([, value]) => value !== ""));
  });
});

const fill = (name: string, value: string): void => {
  const field = form.elements.namedItem(name);
  const isField = [HTMLInputElement, HTMLSelectElement, HTMLTextAreaElement].some((Class) =>
    field instanceof Class
  );
  if (isField) (field as HTMLInputElement).value = value;
};

/** The servers that the relay connects to. */
const servers: ReadonlyArray<{ readonly hostname: string; readonly port: number }> =
  await (await fetch("servers.json")).json();
const [first] = servers;
if (first) {
  fill("host", first.hostname);
  fill("port", String(first.port));
}
const roots = await fetch("roots.pem");
if (roots.ok) fill("roots", await roots.text());

// `?host=…&port=…` fills the form in, and `go` sends it.
const given = new URLSearchParams(location.search);
for (const [name, value] of given) fill(name, value);
if (given.has("go")) form.requestSubmit();
