/** Prints docs/states.md, the handshakes as a state machine, from the flights' shapes. `deno task states`. @module */
import { courses, type Transition, transitions } from "../src/flights/states.ts";
import { type ProtocolVersion, versionText } from "../src/names/protocol.ts";
import { printer } from "./support/printer.ts";

const rows = transitions();

/** How many versions there are: a row that holds in all of them need not name them. */
const all = new Set(courses.map(({ version }) => version)).size;

const versions = (of: ReadonlyArray<ProtocolVersion>): string => {
  if (of.length === all) return "all";
  return [...of].sort((a, b) => a - b).map((v) => versionText(v)).join(", ");
};

const of = (role: Transition["role"]) => rows.filter((row) => row.role === role);

/** A Mermaid diagram of one end. */
const diagram = (role: Transition["role"]): string => {
  const states = [...new Set(of(role).flatMap(({ state, next }) => [state, next]))];
  const id = (state: string) => `s${states.indexOf(state)}`;
  return [
    "```mermaid",
    "stateDiagram-v2",
    `  [*] --> ${id(states[0]!)}`,
    ...states.map((state) => `  ${id(state)}: ${state}`),
    ...of(role).map(({ state, message, next, versions: in_ }) => {
      const where = in_.length === all ? "" : ` (${versions(in_)})`;
      return `  ${id(state)} --> ${id(next)}: ${message}${where}`;
    }),
    "```",
  ].join("\n");
};

const table = (role: Transition["role"]): string =>
  [
    "| state | message | next state | versions |",
    "| --- | --- | --- | --- |",
    ...of(role).map(({ state, message, next, versions: in_ }) =>
      `| ${state} | ${message} | ${next} | ${versions(in_)} |`
    ),
  ].join("\n");

/** The whole page. */
export const page = (): string =>
  `# The handshakes as a state machine

Printed by \`deno task states\` from the shapes that the flights read (\`src/flights/states.ts\`), over all ${courses.length} courses:
every version, key exchange and authentication, full and resumed, with and without a stapled response, a ticket and a
client certificate.

- An arrow is a message that is received. Messages that an end sends itself lie between the arrows. So a client's own
  ClientHello, which leads from \`established\` to awaiting the ServerHello, is not an arrow.
- If a message can lead to several states, the negotiation decides: version, key exchange, resumption, extensions.
- The messages that lead on from \`established\` begin a renegotiation, if policy allows it.
- NoCertificate is the alert by which an SSL 3.0 client says that it has no certificate.

A few messages are accepted outside the rows:

- A client ignores a HelloRequest in the middle of a handshake, until the server's keys change (RFC 5246 §7.4.1.1).
- A warning may come anywhere except between ChangeCipherSpec and Finished.
- Application data may come once a handshake is over, and in the next one until ChangeCipherSpec.

Every other message is refused with unexpected_message. A test sends every message in every wrong place.

## The client

${diagram("client")}

${table("client")}

## The server

${diagram("server")}

${table("server")}
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
