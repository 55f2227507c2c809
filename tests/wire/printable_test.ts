/** What a peer sent, made fit to be printed: nothing in it moves a terminal or forges a line. @module */
import { assert, FastCheck as fc } from "../deps.ts";
import { Errors } from "../../mod.ts";
import type { TlsError } from "../../src/faults/tls_error.ts";
import { printable } from "../../src/wire/printable.ts";

/** What must not reach a terminal, with what each would do there. */
const hostile: Readonly<Record<string, string>> = {
  "an escape sequence": "\x1b[2J",
  "a line's end": "\r\n[1] closed",
  "a control of C1": "\x9b31m",
  "a bell": "\x07",
  "DEL": "\x7f",
  "another direction": "\u202egro.elpmaxe",
  "an isolate": "\u2066a\u2069",
  "a line separator": "\u2028",
  "a paragraph separator": "\u2029",
  "a space that is not seen": "exam\u200bple",
  "a tag": "\u{e0041}",
  "half a character": "\ud800",
};
const fit = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u;

for (const [what, text] of Object.entries(hostile)) {
  Deno.test(`${what} from a peer is written out, and in JSON means the same`, () => {
    assert.match(printable(text), fit);
    assert.notEqual(printable(text), text);
    assert.deepEqual(JSON.parse(printable(JSON.stringify({ text }))), { text });
  });
}

Deno.test("what can be printed is left as it is, in any script", () => {
  for (const text of ["example.org", "CN=Müller, O=例え", "\tfour \\ spaces", "😀"]) {
    assert.equal(printable(text), text);
  }
});

/** Of any code points, which `fc.string` takes a second to list. */
const text = fc.array(fc.integer({ min: 0, max: 0x10ffff })).map((points) => String.fromCodePoint(...points));

Deno.test("no text whatever is printed that a terminal would obey", () => {
  fc.assert(fc.property(text, (text) => {
    assert.match(printable(text).replaceAll("\t", ""), fit);
    assert.equal(printable(printable(text)), printable(text));
  }));
});

const said = Object.values(hostile).join("");
const embedding: ReadonlyArray<TlsError> = [
  new Errors.NotTls({ looksLike: "text", start: said }),
  new Errors.IllegalParameter({ subject: "ServerHello", field: "x", reason: said, rfc: "" }),
  new Errors.Refused({ reason: "no_common_application_protocol", detail: said }),
  new Errors.CertificateError({ reason: "invalid", index: 0, subject: said, detail: said, rfc: "" }),
  new Errors.TransportError({ operation: "read", cause: new Error(said) }),
  new Errors.InvalidOption({ option: said, expected: said, got: said }),
];
for (const error of embedding) {
  Deno.test(`neither the message of a ${error._tag} nor what is rendered of it carries what a peer slipped in`, () => {
    assert.match(error.message, fit);
    for (const line of Errors.render(Errors.explain(error)).split("\n")) assert.match(line, fit);
    assert.match(Errors.render(Errors.explain(error)), /\\u001b\[2J/);
  });
}
