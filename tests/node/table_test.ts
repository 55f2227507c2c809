/** docs/node_tls.md says what is there of Node's `tls`: it is there, and nothing is there that it does not say. */
import { Duplex, PassThrough } from "node:stream";
import { assert } from "../deps.ts";
import * as module from "../../src/node/tls.ts";
import { ConnectionDuplex } from "../../src/node/connection_duplex.ts";
import { TlsDuplex } from "../../src/node/tls_duplex.ts";
import * as Golden from "../golden/certificates.ts";

const page = Deno.readTextFileSync(new URL("../../docs/node_tls.md", import.meta.url));
const tests = Deno.readTextFileSync(new URL("tls_test.ts", import.meta.url)) +
  Deno.readTextFileSync(new URL("to_duplex_test.ts", import.meta.url));

/** What can stand in a table. */
const words = ["yes", "no", "ignored", "refused"] as const;
type Word = typeof words[number];

/** The rows of a section: the name, and the word that it is said to be. */
const section = (title: string): ReadonlyMap<string, Word> => {
  const [, text = ""] = page.split(`\n## ${title}\n`);
  const rows = [...text.split("\n## ")[0]!.matchAll(/^\| `(\w+)` \| (\w+)/gm)];
  assert.ok(rows.length > 4, title);
  return new Map(rows.map(([, name, word]) => {
    assert.ok(words.includes(word as Word), `${title}: ${name}: ${word}`);
    return [name!, word as Word];
  }));
};

const named = (rows: ReadonlyMap<string, Word>, word: Word): ReadonlyArray<string> =>
  [...rows].filter(([, one]) => one === word).map(([name]) => name).toSorted();

/** The public members that a class has of its own, and that not every Duplex has. */
const members = (of: { readonly prototype: object }): ReadonlyArray<string> =>
  Object.getOwnPropertyNames(of.prototype).filter((name) =>
    !/^_|^(constructor|attach|abandon|established)$/.test(name) && !(name in Duplex.prototype)
  );

Deno.test("the functions and values in the table are those that are exported", () => {
  assert.deepEqual(named(section("Functions and values"), "yes"), Object.keys(module).toSorted());
});

Deno.test("the members in the table are those of a TLSSocket", () => {
  const own = [module.TLSSocket, TlsDuplex, ConnectionDuplex].flatMap(members);
  const fields = ["encrypted", "bytesRead", "bytesWritten"];
  assert.deepEqual(
    named(section("Members of a TLSSocket"), "yes"),
    [...new Set([...own, ...fields])].toSorted(),
  );
  const prototype = module.TLSSocket.prototype;
  for (const name of named(section("Members of a TLSSocket"), "no")) assert.ok(!(name in prototype), name);
});

Deno.test("the members in the table are those of a Server, with some of net.Server's", () => {
  const rows = section("Members of a Server");
  for (const name of members(module.Server)) assert.equal(rows.get(name), "yes", name);
  for (const [name, word] of rows) assert.equal(name in module.Server.prototype, word === "yes", name);
});

Deno.test("each event in the table that is there has a test that waits for it, and no other has", () => {
  for (const title of ["Events of a TLSSocket", "Events of a Server"]) {
    for (const [event, word] of section(title)) {
      assert.equal(tests.includes(`"${event}"`), word === "yes", event);
    }
  }
});

const { certificate: cert, privateKey: key } = Golden.server("p256");

/** Where options are given. A value that no option can have shows whether an option is looked at. */
const doors: ReadonlyArray<readonly [string, (options: object) => unknown]> = [
  ["Options of `createSecureContext`", (options) => module.createSecureContext(options)],
  [
    "Options of `connect`",
    (options) => module.connect({ socket: new PassThrough(), ...options }).on("error", () => {}).destroy(),
  ],
  ["Options of `createServer`", (options) => module.createServer({ cert, key, ...options })],
];
for (const [title, give] of doors) {
  Deno.test(`${title}: those that the table says are there are looked at, and the others are ignored or refused`, () => {
    for (const [option, word] of section(title)) {
      const what = { [option]: Symbol("no such value") };
      if (word === "ignored") {
        give(what);
        continue;
      }
      assert.throws(
        () => give(what),
        (error: Error & { readonly _tag?: string; readonly option?: string }) => {
          assert.equal(error._tag, "InvalidOption", `${option}: ${error}`);
          assert.ok(error.option?.startsWith(option), `${option}: ${error.option}`);
          assert.equal(
            /is not supported/.test(error.message),
            word === "refused",
            `${option}: ${error.message}`,
          );
          return true;
        },
      );
    }
  });
}
