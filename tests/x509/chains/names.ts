/** Chains under name constraints, by the form of the name (RFC 5280 §4.2.1.10). @module */
import type { CertificateReason } from "../../../src/faults/errors/trust.ts";
import { ascii, type Bytes, concat, utf8 } from "../../../src/wire/bytes.ts";
import * as Build from "../../../src/x509/certificate/build.ts";
import { oids } from "../../../src/x509/der/oids.ts";
import * as Der from "../../../src/x509/der/writer.ts";
import { type Chain, constraints, directory, dns, email, type Rows, three } from "./base.ts";

const uri = (text: string) => Der.context(6, ascii(text));
const other = (oid: string, value: Bytes) =>
  Der.explicit(0, Der.objectIdentifier(oid), Der.explicit(0, value));
const mailbox = (text: string) => other(oids["id-on-SmtpUTF8Mailbox"], Der.utf8String(text));
const userPrincipal = other("1.3.6.1.4.1.311.20.2.3", Der.utf8String("a@b"));

/** A leaf with these names besides `localhost`. */
const named = (...names: ReadonlyArray<Bytes>) => ({
  names: [],
  extensions: [Build.extension(oids.subjectAltName, Der.sequence(dns("localhost"), ...names))],
});

/** A subject whose organization is written as given. */
const organization = (value: Bytes) => ({
  subjectDer: Der.sequence(
    Der.set(Der.sequence(Der.objectIdentifier(oids.organizationName), value)),
    Der.set(Der.sequence(Der.objectIdentifier(oids.commonName), Der.utf8String("leaf"))),
  ),
});
const subject = (mail: string) => ({
  subjectDer: Build.distinguishedName({ organizationName: "Test", emailAddress: mail }),
});

/** What stands under the exclusion of an organization, however it is written. */
const evil = (text: string) => concat(...[...text].map((c) => Uint8Array.of(0, 0, 0, c.charCodeAt(0))));
const excluded = (value: Bytes, rest: Partial<Chain> = {}): Chain =>
  three({
    middle: constraints([], [directory({ organizationName: "Evil Corp" })]),
    leaf: organization(value),
  }, rest);
const UNIVERSAL = 0x1c;
const GENERAL = 0x1b;

const permits = (base: Bytes, ...names: ReadonlyArray<Bytes>): Chain =>
  three({ middle: constraints([base]), leaf: named(...names) });
const excludes = (base: Bytes, ...names: ReadonlyArray<Bytes>): Chain =>
  three({ middle: constraints([], [base]), leaf: named(...names) });

/** What is to be trusted. */
export const good: Rows = {
  "a mailbox that is permitted": () => permits(email("a@b.example"), email("a@B.example")),
  "a mailbox at a host that is permitted": () => permits(email("b.example"), email("A@b.example")),
  "a mailbox below a domain that is permitted": () => permits(email(".example"), email("a@b.example")),
  "a mailbox beside one that is excluded": () => excludes(email("a@b.example"), email("c@b.example")),
  "a mailbox at a host above one that is excluded": () => excludes(email(".b.example"), email("a@b.example")),
  "a mailbox in the subject that is permitted": () =>
    three({ middle: constraints([email("b.example")]), leaf: subject("a@b.example") }),
  "an internationalized mailbox that is permitted": () => permits(email("b.example"), mailbox("ä@b.example")),
  "a URI whose host is permitted": () => permits(uri("b.example"), uri("https://B.example/x?y")),
  "a URI whose host is permitted, beside a user and a port": () => ({
    ...permits(uri("b.example"), uri("https://user:a@b.example:8443/")),
    openssl: "it takes the user for the host",
  }),
  "a URI whose host is below a domain that is permitted": () =>
    permits(uri(".example"), uri("ftp://a.b.example")),
  "a URI beside what is excluded": () => excludes(uri("b.example"), uri("https://a.b.example/")),
  "a form of name that nobody constrains": () => excludes(email("b.example"), userPrincipal),
  "another organization than the one that is excluded": () => excluded(Der.utf8String("Evil Corps")),
  "an organization in UniversalString that is permitted": () =>
    three({
      middle: constraints([directory({ organizationName: "Evil Corp" })]),
      leaf: organization(Der.element(UNIVERSAL, evil("EVIL  corp"))),
    }),
};

/** What is not, by the reason that must be given. */
export const bad: Readonly<Partial<Record<CertificateReason, Rows>>> = {
  name_not_permitted: {
    "a mailbox at another host": () => permits(email("b.example"), email("a@c.example")),
    "a mailbox at a host below the one that is permitted": () =>
      permits(email("b.example"), email("a@a.b.example")),
    "a mailbox at a domain where only what is below it is permitted": () =>
      permits(email(".b.example"), email("a@b.example")),
    "another mailbox than the one that is permitted": () =>
      permits(email("a@b.example"), email("A@b.example")),
    "a mailbox that is excluded": () => excludes(email("a@b.example"), email("a@b.example")),
    "a mailbox that is excluded but for the case of its local part": () => ({
      ...excludes(email("a@b.example"), email("A@b.example")),
      openssl: "to it, case counts",
    }),
    "a mailbox below a domain that is excluded": () => excludes(email(".example"), email("a@b.example")),
    "a mailbox in the subject that is not permitted": () =>
      three({ middle: constraints([email("b.example")]), leaf: subject("a@c.example") }),
    "an internationalized mailbox at a host that is excluded": () =>
      excludes(email("b.example"), mailbox("ä@b.example")),
    "a URI whose host is not permitted": () => permits(uri("b.example"), uri("https://c.example/b.example")),
    "a URI whose user's name is a host that is permitted": () =>
      permits(uri("b.example"), uri("https://b.example@c.example/")),
    "a URI whose host is excluded": () => excludes(uri(".example"), uri("https://b.example/")),
    "a URI whose host is excluded, with a dot at the end": () => ({
      ...excludes(uri("b.example"), uri("https://b.example./")),
      openssl: "to it, that is another name",
    }),
    "an excluded organization": () => excluded(Der.utf8String("evil CORP")),
    "an excluded organization behind 1,100 spaces": () =>
      excluded(Der.utf8String(`Evil${" ".repeat(1100)}Corp`)),
    "an excluded organization with 300 soft hyphens": () => ({
      ...excluded(Der.utf8String(`Evil Co${"\u00ad".repeat(300)}rp`)),
      openssl: "to it, each of them is a letter",
    }),
    "an excluded organization in UniversalString": () => excluded(Der.element(UNIVERSAL, evil("Evil Corp"))),
    "an organization in a string that cannot be read, where another is excluded": () =>
      excluded(Der.element(GENERAL, ascii("Evil Corp"))),
    "an organization that is too long to compare, where another is excluded": () => ({
      ...excluded(Der.utf8String("Evil Corp".repeat(40))),
      openssl: "it compares all of it",
    }),
  },
  invalid: {
    "a mailbox without a host, under a constraint": () => excludes(email("b.example"), email("a")),
    "a mailbox with a quoted local part, under a constraint": () => ({
      ...excludes(email("b.example"), email('"a b"@c.example')),
      openssl: "it takes what is behind the last @",
    }),
    "an internationalized mailbox that is none, under a constraint": () =>
      excludes(
        email("b.example"),
        other(oids["id-on-SmtpUTF8Mailbox"], Der.octetString(utf8("ä@c.example"))),
      ),
    "a URI without a host, under a constraint": () => excludes(uri("b.example"), uri("urn:a:b")),
    "a URI with an address, under a constraint": () => ({
      ...excludes(uri("b.example"), uri("https://127.0.0.1/")),
      openssl: "to it, an address is a name",
    }),
    "a constraint on mailboxes that is none": () => permits(email("b..example"), email("a@b.example")),
  },
  unsupported: {
    "a form of name that is constrained and not known": () =>
      three({
        middle: constraints([], [userPrincipal]),
        leaf: named(userPrincipal),
      }),
  },
};
