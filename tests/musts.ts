/**
 * What RFC 5746 and RFC 7627 demand, and the tests for it. `deno task musts` prints docs/musts.md; with `--check` it
 * fails if the page is not as it would be printed, or if a test is missing.
 *
 * @module
 */
import { printer } from "./support/printer.ts";

interface Must {
  readonly section: string;
  readonly who: "client" | "server" | "both";
  /** What is demanded, in our own words. */
  readonly what: string;
  /** Parts of the names of tests, each of which there must be at least one of. */
  readonly tests: ReadonlyArray<string>;
}

const files = [
  "flights/hellos_5746_7627_test.ts",
  "flights/rules_test.ts",
  "flights/versions_test.ts",
  "flights/matrix_test.ts",
  "flights/resumption_test.ts",
  "flights/renegotiation_test.ts",
  "flights/renegotiation_rules_test.ts",
  "flights/bindings_test.ts",
  "connection/renegotiation_test.ts",
  "attacks/renegotiation_test.ts",
];

const rfc5746: ReadonlyArray<Must> = [
  {
    section: "§3.4",
    who: "client",
    what: "announces support in its first hello, by the extension or by the SCSV",
    tests: ["a first hello has an empty renegotiation_info or the SCSV"],
  },
  {
    section: "§3.4",
    who: "client",
    what: "looks for the extension in the ServerHello, and ends a first handshake if it is not empty",
    tests: [
      "a client meets no renegotiation_info: Refused",
      "a client meets a renegotiation_info that is not empty",
    ],
  },
  {
    section: "§3.5",
    who: "client",
    what: "sends its last verify_data in each later hello, and no SCSV",
    tests: [
      "says neither ALPN nor an SCSV again",
      "in SSL 3.0 the second hello carries renegotiation_info",
      "TLS 1.2: client renegotiates, nothing changes, by ticket",
    ],
  },
  {
    section: "§3.5",
    who: "client",
    what: "ends a renegotiation if the ServerHello lacks the extension",
    tests: ["a client meets in a renegotiation no renegotiation_info"],
  },
  {
    section: "§3.5",
    who: "client",
    what:
      "ends a renegotiation if the ServerHello does not hold both verify_data, the client's and then the server's",
    tests: [
      "a client meets in a renegotiation an empty renegotiation_info",
      "a client meets in a renegotiation only the client's half",
      "a client meets in a renegotiation the server's half wrong",
    ],
  },
  {
    section: "§3.6",
    who: "server",
    what: "looks for the SCSV and the extension in a first hello, and answers either with an empty extension",
    tests: [
      "a server answers the SCSV alone, and the extension alone",
      "a server that hears neither says nothing",
    ],
  },
  {
    section: "§3.6",
    who: "server",
    what: "ends a first handshake if the extension is not empty",
    tests: [
      "a server meets a renegotiation_info that is not empty",
      "renegotiation prefix: a victim's first hello",
    ],
  },
  {
    section: "§3.6",
    who: "server",
    what: "ignores extensions that it does not know, and answers versions above its own with its own highest",
    tests: [
      "a server hears extensions, groups and schemes to come, and GREASE",
      "a server hears a minor version to come",
      "a server hears a major version to come",
    ],
  },
  {
    section: "§3.7",
    who: "server",
    what: "ends a renegotiation if the hello has the SCSV",
    tests: ["a server meets in a renegotiation the SCSV besides", "a victim's first hello, with the SCSV"],
  },
  {
    section: "§3.7",
    who: "server",
    what: "ends a renegotiation if the hello lacks the extension",
    tests: ["a server meets in a renegotiation no renegotiation_info"],
  },
  {
    section: "§3.7",
    who: "server",
    what: "ends a renegotiation if the hello does not hold the client's last verify_data",
    tests: [
      "a server meets in a renegotiation an empty renegotiation_info",
      "a server meets in a renegotiation a renegotiation_info of another connection",
      "a server meets in a renegotiation a renegotiation_info with a byte too many",
    ],
  },
  {
    section: "§3.7",
    who: "server",
    what: "answers with both verify_data",
    tests: ["and the answer 72 (RFC 5746 §4.5)", "TLS 1.0: server renegotiates, nothing changes, full"],
  },
  {
    section: "§4.1",
    who: "client",
    what:
      "ends the handshake with handshake_failure if its policy requires the extension and the server lacks it",
    tests: ["a client meets no renegotiation_info: Refused handshake_failure"],
  },
  {
    section: "§4.2",
    who: "client",
    what: "answers a HelloRequest with no_renegotiation if it does not renegotiate without the extension",
    tests: ["without RFC 5746 a server's wish is declined with no_renegotiation"],
  },
  {
    section: "§4.2",
    who: "client",
    what: "sends the extension or the SCSV if it renegotiates without protection",
    tests: ["an insecure renegotiation says renegotiation_info all the same"],
  },
  {
    section: "§4.2",
    who: "client",
    what: "ends an unprotected renegotiation if the ServerHello has the extension",
    tests: ["a connection that began without RFC 5746 may not come to know it"],
  },
  {
    section: "§4.3",
    who: "server",
    what: "answers first hellos even if it never renegotiates",
    tests: ["one that renegotiates with nobody says it all the same"],
  },
  {
    section: "§4.4",
    who: "server",
    what: "ends an unprotected renegotiation if the hello has the SCSV or the extension",
    tests: [
      "a connection that began without RFC 5746 may not come to know it",
      "an insecure renegotiation says renegotiation_info all the same",
    ],
  },
  {
    section: "§4.5",
    who: "client",
    what: "accepts the extension from an SSL 3.0 server",
    tests: ["in SSL 3.0 the second hello carries renegotiation_info", "SSL 3.0: client renegotiates"],
  },
  {
    section: "§4.5",
    who: "server",
    what: "accepts the SCSV and the extension from an SSL 3.0 client",
    tests: ["in SSL 3.0 the second hello carries renegotiation_info", "SSL 3.0: server renegotiates"],
  },
];

const rfc7627: ReadonlyArray<Must> = [
  {
    section: "§5.1",
    who: "both",
    what: "derive the extended master secret if they agreed on it in a full handshake",
    tests: [
      "triple handshake: the same premaster secret and randoms on two connections",
      "TLS 1.2, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, rsa, x25519: full, then resumed",
    ],
  },
  {
    section: "§5.2",
    who: "client",
    what: "sends the extension in every hello",
    tests: ["a client says extended_master_secret in every hello of TLS"],
  },
  {
    section: "§5.2",
    who: "server",
    what: "sends the extension exactly if the client sent it",
    tests: [
      "and a server answers it (RFC 7627",
      "a server that does not hear extended_master_secret does not say it",
    ],
  },
  {
    section: "§5.2",
    who: "both",
    what: "derive the original master secret without the extension",
    tests: ["both derive the master secret of old (RFC 7627 §5.2)"],
  },
  {
    section: "§5.3",
    who: "client",
    what: "sends the extension when it offers a session",
    tests: ["full and resumed, and a server answers it (RFC 7627 §5.2, §5.3)"],
  },
  {
    section: "§5.3",
    who: "server",
    what: "does not resume a session without the extension if the hello has it",
    tests: ["a session without it, hello with it: full"],
  },
  {
    section: "§5.3",
    who: "server",
    what: "ends the handshake if a hello without the extension offers a session that had it",
    tests: [
      "a session with it, hello without: session_lost_extended_master_secret",
      "a client that resumes without extended_master_secret a session that had it is refused",
    ],
  },
  {
    section: "§5.3",
    who: "server",
    what: "sends the extension when it resumes and the hello has it",
    tests: ["a session with it, hello with it: resumed"],
  },
  {
    section: "§5.3",
    who: "client",
    what: "ends the handshake if a session without the extension is resumed with it",
    tests: ["a server that resumes with extended_master_secret a session that had none is refused"],
  },
  {
    section: "§5.3",
    who: "client",
    what: "ends the handshake if a session with the extension is resumed without it",
    tests: ["a server that resumes without extended_master_secret a session that had it is refused"],
  },
  {
    section: "§5.4",
    who: "both",
    what: "export no keys from an original master secret",
    tests: ["without extended_master_secret nothing of the master secret's is unique"],
  },
  {
    section: "§5.4",
    who: "both",
    what: "use no verify_data above TLS, so no tls-unique, after resuming a session without the extension",
    tests: ["on a session that was resumed without extended_master_secret there is no tls-unique"],
  },
  {
    section: "§5.4",
    who: "client",
    what: "does not renegotiate after resuming a session without the extension",
    tests: ["on a session that was resumed without RFC 7627 the client begins no renegotiation"],
  },
  {
    section: "§6.4",
    who: "both",
    what: "use the original master secret in SSL 3.0, with all that follows from it",
    tests: [
      "SSL 3.0 has no extended master secret, and says nothing of it",
      "on a session that was resumed without RFC 7627 the server begins no renegotiation",
    ],
  },
];

/** The names of the tests in the files, which are not run: a test is told by the call that would register it. */
const testNames = async (): Promise<ReadonlyArray<{ readonly file: string; readonly name: string }>> => {
  const found: Array<{ file: string; name: string }> = [];
  let file = "";
  const note = (test: string | { readonly name: string }) =>
    void found.push({ file, name: typeof test === "string" ? test : test.name });
  Object.defineProperty(Deno, "test", { value: Object.assign(note, { ignore: () => {} }) });
  for (file of files) await import(new URL(file, import.meta.url).href);
  return found;
};

const table = (title: string, musts: ReadonlyArray<Must>, names: Awaited<ReturnType<typeof testNames>>) => {
  const missing: Array<string> = [];
  const rows = musts.map(({ section, who, what, tests }) => {
    const held = tests.map((part) => {
      const [first, ...more] = names.filter(({ name }) => name.includes(part));
      if (!first) missing.push(`${title} ${section}, ${what}: no test "${part}"`);
      const others = more.length > 0 ? ` and ${more.length} more` : "";
      return `${first?.name.replaceAll("|", "\\|")}${others} (\`tests/${first?.file}\`)`;
    });
    return `| ${section} | ${who} | ${what} | ${held.join("<br>")} |`;
  });
  return {
    missing,
    text: [`## ${title}`, "", "| section | who | demand | tests |", "| --- | --- | --- | --- |", ...rows]
      .join("\n"),
  };
};

/** The page, and what no test holds. */
const page = async () => {
  const names = await testNames();
  const tables = [table("RFC 5746", rfc5746, names), table("RFC 7627", rfc7627, names)];
  const text = `# What RFC 5746 and RFC 7627 demand, and the tests for it

Printed by \`deno task musts\`; \`deno task ok\` checks that it is current. Each row is a demand (MUST, MUST NOT) in our own
words, with the names of the tests that would fail if it were not met.

${tables.map(({ text }) => text).join("\n\n")}
`;
  return { text, missing: tables.flatMap(({ missing }) => missing) };
};

await printer({
  name: "musts",
  about: "Prints docs/musts.md: what RFC 5746 and RFC 7627 demand, and the tests for it.",
  flags: { check: { help: "write nothing; exit 1 if the page is not as it would be printed" } },
}, async ({ flags }) => {
  const { text, missing } = await page();
  const file = new URL("../docs/musts.md", import.meta.url);
  if (flags["check"] === undefined) await Deno.writeTextFile(file, text);
  else if (await Deno.readTextFile(file) !== text) {
    missing.push("docs/musts.md is not what `deno task musts` prints");
  }
  missing.forEach((line) => console.error(line));
  if (missing.length > 0) Deno.exitCode = 1;
});
