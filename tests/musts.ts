/**
 * What the RFCs demand, and the tests that hold it. `deno task musts` prints docs/musts.md; `--check` says whether the
 * page is as it would be printed, and whether each test is there.
 *
 * @module
 */
import type { Must } from "./musts/must.ts";
import { rfc5246 } from "./musts/rfc5246.ts";
import { rfc5746 } from "./musts/rfc5746.ts";
import { rfc7627 } from "./musts/rfc7627.ts";
import { rfc8446 } from "./musts/rfc8446.ts";
import { printer } from "./support/printer.ts";

/** The RFCs whose demands are listed, by their names. */
const rfcs: Readonly<Record<string, ReadonlyArray<Must>>> = {
  "RFC 5246": rfc5246,
  "RFC 5746": rfc5746,
  "RFC 7627": rfc7627,
  "RFC 8446": rfc8446,
};

/** Where the tests are that hold them. */
const files = [
  "attacks/regressions_test.ts",
  "attacks/versions_test.ts",
  "connection/connection_test.ts",
  "connection/writes_test.ts",
  "crypto/pkcs1_test.ts",
  "crypto/prf_test.ts",
  "flights/client_auth_test.ts",
  "flights/compression_test.ts",
  "flights/credential_schemes_test.ts",
  "flights/headers_test.ts",
  "flights/one_check_test.ts",
  "flights/order_test.ts",
  "flights/peer_test.ts",
  "flights/states_test.ts",
  "golden/conversation_test.ts",
  "layers/credentials/credentials_test.ts",
  "layers/crypto/rsa_test.ts",
  "layers/crypto/rsa_signatures_test.ts",
  "messages/all_test.ts",
  "record/limits_test.ts",
  "record/protection/compression_test.ts",
  "record/protection/protection_test.ts",
  "record/records_test.ts",
  "record/sslv2_hello_test.ts",
  "wire/codec_test.ts",
  "x509/path_test.ts",
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
  "flights/tls13/attacks_test.ts",
  "flights/tls13/bindings_test.ts",
  "flights/tls13/cookies_test.ts",
  "flights/tls13/key_update_test.ts",
  "flights/tls13/later_certificate_test.ts",
  "flights/tls13/matrix_test.ts",
  "flights/tls13/order_test.ts",
  "flights/tls13/rules_test.ts",
  "flights/tls13/early_test.ts",
  "flights/tls13/external_psks_test.ts",
  "flights/tls13/states_test.ts",
  "flights/tls13/tickets_test.ts",
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
  const rows = musts.map(({ section, who, what, tests, why }) => {
    if (tests.length === 0 && why === undefined) {
      missing.push(`${title} ${section}, ${what}: no test, and no reason`);
    }
    const held = tests.map((part) => {
      const [first, ...more] = names.filter(({ name }) => name.includes(part));
      if (!first) missing.push(`${title} ${section}, ${what}: no test "${part}"`);
      const others = more.length > 0 ? ` and ${more.length} more` : "";
      return `${first?.name.replaceAll("|", "\\|")}${others} (\`tests/${first?.file}\`)`;
    });
    return `| ${section} | ${who} | ${what} | ${[...held, ...(why ? [`_${why}_`] : [])].join("<br>")} |`;
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
  const tables = Object.entries(rfcs).map(([rfc, musts]) => table(rfc, musts, names));
  const text = `# What RFC 5246, RFC 5746, RFC 7627 and RFC 8446 demand, and the tests for it

Printed by \`deno task musts\`; \`deno task ok\` checks that it is current. Each row is a demand (MUST, MUST NOT) in our own
words, with the names of the tests that would fail if it were not met. Where there is no such test, or the demand is not
followed, or not to the letter, _the reason_ is given.

${tables.map(({ text }) => text).join("\n\n")}
`;
  return { text, missing: tables.flatMap(({ missing }) => missing) };
};

await printer({
  name: "musts",
  about: "Prints docs/musts.md: what the RFCs demand, and the tests for it.",
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
