/** A web page that describes the connection over which it is served. @module */
import * as Effect from "npm:effect@^3.22.4/Effect";
import { escapeUTF8 } from "npm:entities@^6.0.1/escape";
import { type Connection, Errors, Names } from "../../mod.ts";
import { lines, say } from "./lines.ts";
import { described, found, type Peer, peerOf, type Report } from "./report.ts";

/** Answers HTTP requests, one after another for as long as the client keeps the connection open. */
export const page = (connection: Connection, report: Report, number: number) =>
  Effect.gen(function* () {
    const next = lines(connection);
    for (;;) {
      const request = yield* next;
      if (request === undefined) return;
      report.data(number, request);
      let keep = /HTTP\/1\.1\s*$/.test(request);
      for (let line = yield* next; line !== undefined && line.trim() !== ""; line = yield* next) {
        if (/^connection:\s*close/i.test(line)) keep = false;
      }
      const body = html([...rows(yield* connection.negotiated), ...shown(yield* peerOf(connection))]);
      const length = new TextEncoder().encode(body).length;
      const head = [
        "HTTP/1.1 200 OK",
        "Content-Type: text/html; charset=utf-8",
        `Content-Length: ${length}`,
        `Connection: ${keep ? "keep-alive" : "close"}`,
      ];
      yield* say(connection, `${head.join("\r\n")}\r\n\r\n${request.startsWith("HEAD ") ? "" : body}`);
      if (!keep) return;
    }
  });

const { CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme, versionText } = Names;
type Negotiated = Effect.Effect.Success<Connection["negotiated"]>;

const rows = (n: Negotiated): ReadonlyArray<readonly [string, string]> => [
  ["version", versionText(n.version)],
  ["cipher suite", CipherSuite.nameOf(n.cipherSuite)],
  ["group", n.group === undefined ? "none" : NamedGroup.nameOf(n.group)],
  ["signature", n.signatureScheme === undefined ? "none" : SignatureScheme.nameOf(n.signatureScheme)],
  ["server name", n.serverName ?? "none"],
  ["application protocol", n.alpn ?? "none"],
  ["resumed", n.resumed ? "yes" : "no"],
  ...(n.version === ProtocolVersion.TLS_1_3
    ? [["early data", n.earlyData ? "yes" : "no"]] as const
    : [["extended master secret", n.extendedMasterSecret ? "yes" : "no"]] as const),
];

/** What the client has shown, and what became of it. */
const shown = ({ certificates: [leaf], verdict }: Peer): ReadonlyArray<readonly [string, string]> => [
  ["your certificate", leaf ? described(leaf) : "none"],
  ...(verdict ? [["trust in it", found(verdict)]] as const : []),
];

const html = (rows: ReadonlyArray<readonly [string, string]>): string =>
  `<!doctype html>
<html lang="en"><head><title>effect-tls</title></head><body>
<h1>This connection</h1>
<dl>
${
    rows.map(([name, value]) => `<dt>${escapeUTF8(name)}</dt><dd>${escapeUTF8(Errors.printable(value))}</dd>`)
      .join("\n")
  }
</dl>
</body></html>
`;
