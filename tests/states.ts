/** Prints docs/states.md, the handshakes as a state machine, from the flights' shapes. `deno task states`. @module */
import { courses, type Transition, transitions } from "../src/flights/states.ts";
import { courses13 } from "../src/flights/tls13/states.ts";
import { type ProtocolVersion, versionText } from "../src/names/protocol.ts";
import { type Version, versions as Versions } from "../src/tables/versions/mod.ts";
import { printer } from "./support/printer.ts";

/** The versions of an era, and its rows. */
const eraOf = (era: Version["era"]) => {
  const isIts = (version: ProtocolVersion) => Versions.get(version)?.era === era;
  return {
    versions: [...Versions.keys()].filter(isIts),
    rows: transitions().flatMap((row) => {
      const its = row.versions.filter(isIts);
      return its.length > 0 ? [{ ...row, versions: its }] : [];
    }),
  };
};

interface Era extends ReturnType<typeof eraOf> {}

/** The versions of a row, where they are not all of the era's. */
const some = ({ versions }: Era, row: Transition): string | undefined =>
  row.versions.length === versions.length
    ? undefined
    : [...row.versions].sort((a, b) => a - b).map((v) => versionText(v)).join(", ");

const of = ({ rows }: Era, role: Transition["role"]) => rows.filter((row) => row.role === role);

/** A Mermaid diagram of one end. */
const diagram = (era: Era, role: Transition["role"]): string => {
  const rows = of(era, role);
  const states = [...new Set(rows.flatMap(({ state, next }) => [state, next]))];
  const id = (state: string) => `s${states.indexOf(state)}`;
  return [
    "```mermaid",
    "stateDiagram-v2",
    `  [*] --> ${id(states[0]!)}`,
    ...states.map((state) => `  ${id(state)}: ${state}`),
    ...rows.map((row) => {
      const where = some(era, row);
      return `  ${id(row.state)} --> ${id(row.next)}: ${row.message}${where ? ` (${where})` : ""}`;
    }),
    "```",
  ].join("\n");
};

/** The rows of one end; those of an era of one version name none. */
const table = (era: Era, role: Transition["role"]): string => {
  const line = (...cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |`;
  const named = era.versions.length > 1;
  const head = ["state", "message", "next state", ...(named ? ["versions"] : [])];
  return [
    line(...head),
    line(...head.map(() => "---")),
    ...of(era, role).map((row) =>
      line(row.state, row.message, row.next, ...(named ? [some(era, row) ?? "all"] : []))
    ),
  ].join("\n");
};

/** Both ends of an era. */
const ends = (era: Era): string =>
  (["client", "server"] as const).map((role) =>
    `### The ${role}\n\n${diagram(era, role)}\n\n${table(era, role)}`
  ).join("\n\n");

/** The whole page. */
export const page = (): string =>
  `# The handshakes as a state machine

Printed by \`deno task states\` from the shapes that the flights read (\`src/flights/states.ts\`), over all courses that a
handshake can take: ${courses13.length} in TLS 1.3 and ${courses.length} in the versions before it.

- An arrow is a message that is received. Messages that an end sends itself lie between the arrows.
- If a message can lead to several states, the two hellos decide: version, key exchange, resumption, extensions.
- Every message that has no row in a state is refused with unexpected_message. A test sends every message in every wrong
  place.

An end that speaks several versions begins in the first state of the newest. The answer to the ClientHello, or the
ClientHello, leads on in the section of the version that was agreed on.

## TLS 1.3

The courses differ in whether the client must send a second ClientHello, whether a pre-shared key stands for a
certificate, whether early data is accepted, and whether the client is asked for a certificate.

- Nothing on the wire says that keys change. Each message must come under the keys that its place implies.
- What comes to \`established\` begins no handshake: data goes on meanwhile. A CertificateRequest may come if the client
  offered it (post_handshake_auth). It is answered at some later time by Certificate, CertificateVerify and Finished,
  which a server then awaits beside data and KeyUpdate.

A few records are accepted outside the rows:

- A ChangeCipherSpec in the clear, one byte 01, is passed over, from the first hello that is received until the
  handshake is over (RFC 8446 §5). A server's is passed over once a client knows that TLS 1.3 is spoken.
- An alert may come in the clear until the first sealed record.
- Application data may come in \`established\`, and early data until EndOfEarlyData if it was accepted.
- Until the version is known, a client ignores a HelloRequest (RFC 5246 §7.4.1.1).

${ends(eraOf("tls13"))}

## Up to TLS 1.2

The courses are those of every version, key exchange and authentication, full and resumed, with and without a stapled
response, a ticket and a client certificate.

- The messages that lead on from \`established\` begin a renegotiation, if policy allows it. A client's own ClientHello
  leads from there to awaiting the ServerHello as well, and is not an arrow, because it is sent.
- NoCertificate is the alert by which an SSL 3.0 client says that it has no certificate.

A few messages are accepted outside the rows:

- A client ignores a HelloRequest in the middle of a handshake, until the server's keys change (RFC 5246 §7.4.1.1).
- A warning may come anywhere except between ChangeCipherSpec and Finished.
- Application data may come once a handshake is over, and in the next one until ChangeCipherSpec.

${ends(eraOf("until12"))}
`;

if (import.meta.main) {
  await printer(
    {
      name: "states",
      about:
        "Prints docs/states.md: the handshakes as a state machine, from the shapes that the flights read.",
    },
    () => Deno.writeTextFile(new URL("../docs/states.md", import.meta.url), page()),
  );
}
