/** Host names and IP addresses, and which of them a certificate is for (RFC 9525, RFC 5952). @module */
import { assert, Either } from "../deps.ts";
import { ascii, toHex } from "../../src/wire/bytes.ts";
import * as Build from "../../src/x509/certificate/build.ts";
import { type Certificate, parseCertificate } from "../../src/x509/certificate/certificate.ts";
import { oids } from "../../src/x509/der/oids.ts";
import * as Der from "../../src/x509/der/writer.ts";
import { ipText, parseIp } from "../../src/x509/names/ip_address.ts";
import { asciiName, isDnsName, matchesName } from "../../src/x509/path/host_name.ts";
import { type IssueOptions, makeCa } from "../support/ca.ts";

const ca = makeCa();
const certificate = (options: IssueOptions): Certificate =>
  Either.getOrThrow(parseCertificate(ca.issue(options).der));

/** RFC 4291 §2.2, RFC 5952 and what people type. */
const addresses: Readonly<Record<string, string>> = {
  "127.0.0.1": "7f000001",
  "0.0.0.0": "00000000",
  "255.255.255.255": "ffffffff",
  "::": "00".repeat(16),
  "::1": "00".repeat(15) + "01",
  "1::": "0001" + "00".repeat(14),
  "[::1]": "00".repeat(15) + "01",
  "2001:DB8:0:0:8:800:200C:417A": "20010db80000000000080800200c417a",
  "2001:db8::8:800:200c:417a": "20010db80000000000080800200c417a",
  "1:2:3:4:5:6:7:8": "00010002000300040005000600070008",
  "1:2:3:4:5:6:7::": "00010002000300040005000600070000",
  "::2:3:4:5:6:7:8": "00000002000300040005000600070008",
  "::13.1.68.3": "00".repeat(12) + "0d014403",
  "::ffff:129.144.52.38": "00".repeat(10) + "ffff81903426",
  "64:ff9b::192.0.2.33": "0064ff9b" + "00".repeat(8) + "c0000221",
  "fe80::1%eth0": "fe80" + "00".repeat(13) + "01",
};

for (const [text, expected] of Object.entries(addresses)) {
  Deno.test(`${text} is an IP address`, () => {
    assert.equal(toHex(parseIp(text)!), expected);
  });
}

const noAddresses = [
  ...["", "localhost", "example.com", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "1.2.3.4.", " 1.2.3.4"],
  ...["01.2.3.4", "1.2.3.0x4", "0177.0.0.1", "2130706433", "1.2.3.4:443", "[1.2.3.4]", "1.2.3.4%eth0"],
  ...[":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "::12345", "::g", "1:2:3:4:5:6:7:"],
  ...[
    "1:2:3:4::5:6:7:8",
    "::1.2.3",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "[::1",
    "::1]",
    "::1]:443",
    "[[::1]]",
    "::1%",
  ],
];

for (const text of noAddresses) {
  Deno.test(`${JSON.stringify(text)} is no IP address`, () => assert.equal(parseIp(text), undefined));
}

Deno.test("an address is written in its shortest form", () => {
  for (const text of ["10.0.0.1", "::", "::1", "2001:db8::8:800:200c:417a", "1:2:3:4:5:6:7:8"]) {
    assert.equal(ipText(parseIp(text)!), text);
  }
  assert.equal(ipText(Uint8Array.of(1, 2)), "0102");
});

Deno.test("a host name is compared in lower case, in ASCII and without its last dot", () => {
  assert.equal(asciiName("WWW.Example.COM."), "www.example.com");
  assert.equal(asciiName("Bücher.example"), "xn--bcher-kva.example");
  assert.equal(asciiName("faß.de."), "xn--fa-hia.de");
  for (const no of ["bü/cher.example", "bücher@example", "bücher:80", "ü?", "ü#", "ü\\"]) {
    assert.equal(asciiName(no), undefined);
  }
});

Deno.test("DNS names are told from what is none", () => {
  const label = "a".repeat(63);
  for (const good of ["a", "a.b", "xn--p1ai", "_dmarc.example", "a-b.c", "1.example", `${label}.x`]) {
    assert.ok(isDnsName(good), good);
  }
  const long = Array.from({ length: 4 }, () => label).join(".");
  for (
    const bad of ["", ".", "a.", ".a", "a..b", "-a.b", "a-.b", "a b", "a\0b", `${label}a`, long, "*.a.b", "ä"]
  ) {
    assert.ok(!isDnsName(bad), bad);
  }
  assert.ok(isDnsName("*.a.b", true));
  for (const bad of ["*", "*.", "*.com", "a.*.b", "*a.b.c", "a*.b.c", "*.*.c", "*.-.c"]) {
    assert.ok(!isDnsName(bad, true), bad);
  }
});

/** What a certificate names, who that is, and who it is not (RFC 9525 §6). */
const matches: ReadonlyArray<
  readonly [named: string, yes: ReadonlyArray<string>, no: ReadonlyArray<string>]
> = [
  ["example.com", ["example.com", "EXAMPLE.com", "example.com."], [
    ...["www.example.com", "xample.com", "example.co", "example.com.org", "example.com..", "", "."],
    ...["example", "com", "example.com\0", "example.com ", " example.com", "*.com", "example_com"],
  ]],
  ["EXAMPLE.com", ["example.com"], []],
  ["xn--bcher-kva.example", ["bücher.example", "BÜCHER.example", "xn--bcher-kva.example"], [
    "bucher.example",
  ]],
  ["*.example.com", ["www.example.com", "WWW.EXAMPLE.COM.", "xn--p1ai.example.com"], [
    ...[
      "example.com",
      "a.b.example.com",
      ".example.com",
      "*.example.com",
      "wwwexample.com",
      "www.example.org",
    ],
  ]],
  ["*.com", [], ["example.com", "com", "*.com"]],
  ["*", [], ["localhost", "com", "*"]],
  ["w*.example.com", [], ["www.example.com", "w.example.com", "w*.example.com"]],
  ["www.*.com", [], ["www.example.com"]],
  ["*.*.example.com", [], ["a.b.example.com"]],
  ["example.com.", [], ["example.com"]],
  [".example.com", [], ["example.com", "www.example.com"]],
  ["localhost", ["localhost", "LOCALHOST."], ["local", "localhost.localdomain"]],
  ["10.0.0.1", ["10.0.0.1"], ["10.0.0.2", "10.0.0.01", "::ffff:10.0.0.1", "10.0.0.1."]],
  ["2001:db8::1", ["2001:db8::1", "2001:0DB8:0::1", "[2001:db8::1]"], ["2001:db8::2", "2001:db8::"]],
];

for (const [named, yes, no] of matches) {
  Deno.test(`a certificate for ${named} is for that and no other`, () => {
    const one = certificate({ subject: "other", names: [named] });
    for (const name of yes) assert.ok(matchesName(one, name), name);
    for (const name of no) assert.ok(!matchesName(one, name), name);
  });
}

Deno.test("any of several names will do", () => {
  const one = certificate({ names: ["a.example", "b.example", "10.0.0.1"] });
  for (const name of ["a.example", "b.example", "10.0.0.1"]) assert.ok(matchesName(one, name), name);
  assert.ok(!matchesName(one, "c.example"));
});

Deno.test("the common name is no name, with a subjectAltName or without one", () => {
  assert.ok(!matchesName(certificate({ subject: "example.com", names: [] }), "example.com"));
  assert.ok(!matchesName(certificate({ subject: "example.com", names: ["other.example"] }), "example.com"));
});

Deno.test("an address written as a dNSName is no address, and a dNSName no address", () => {
  const one = (name: Uint8Array) =>
    certificate({ names: [], extensions: [Build.extension(oids.subjectAltName, Der.sequence(name))] });
  assert.ok(!matchesName(one(Der.context(2, ascii("10.0.0.1"))), "10.0.0.1"));
  assert.ok(!matchesName(one(Der.context(2, ascii("*.0.0.1"))), "10.0.0.1"));
  assert.ok(!matchesName(one(Der.context(7, Uint8Array.of(10, 0, 0, 1, 0))), "10.0.0.1"));
  assert.ok(!matchesName(one(Der.context(6, ascii("https://example.com/"))), "example.com"));
  assert.ok(!matchesName(one(Der.context(1, ascii("example.com"))), "example.com"));
  assert.ok(!matchesName(one(Der.context(2, ascii("example.com\0.evil.example"))), "example.com"));
});
