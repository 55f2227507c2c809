/**
 * The flags that a runner of BoGo, BoringSSL's TLS test suite, gives to a shim: a table of those that are served here.
 * What is not in it is not served.
 *
 * @module
 */
import { Data } from "../../src/deps.ts";
import { type Bytes, EMPTY } from "../../src/wire/bytes.ts";
import { base64 as decoded } from "../../src/x509/pem.ts";

/** How a flag is read: without a value when `read` takes none. */
interface Kind<A> {
  readonly takes: 0 | 1;
  read(value: string, before: A | undefined): A;
}

const on: Kind<true> = { takes: 0, read: () => true };
const text: Kind<string> = { takes: 1, read: (value) => value };
const integer = (value: string): number => {
  if (/^-?\d+$/.test(value)) return Number(value);
  throw new Unimplemented(`${value}, which is no integer`);
};
const number: Kind<number> = { takes: 1, read: integer };
const numbers: Kind<ReadonlyArray<number>> = {
  takes: 1,
  read: (value, before = []) => [...before, integer(value)],
};
const base64: Kind<Bytes> = { takes: 1, read: (value) => decoded(value) ?? EMPTY };

/** Each flag that means something here. */
const flags = {
  "port": number,
  "shim-id": text,
  "ipv6": on,
  "server": on,
  "key-file": text,
  "cert-file": text,
  "resume-count": number,
  "min-version": number,
  "max-version": number,
  "no-tls13": on,
  "no-tls12": on,
  "no-tls11": on,
  "no-tls1": on,
  "no-ssl3": on,
  "require-any-client-certificate": on,
  "verify-peer": on,
  "verify-fail": on,
  "use-custom-verify-callback": on,
  "enable-all-curves": on,
  "p384-only": on,
  "curves": numbers,
  "enable-ed25519": on,
  "signing-prefs": numbers,
  "verify-prefs": numbers,
  "cipher": text,
  "fallback-scsv": on,
  "cbc-record-splitting": on,
  "host-name": text,
  "advertise-alpn": text,
  "select-alpn": text,
  "decline-alpn": on,
  "reject-alpn": on,
  "no-ticket": on,
  "ocsp-response": base64,
  "use-ocsp-callback": on,
  "decline-ocsp-callback": on,
  "fail-ocsp-callback": on,
  "enable-ocsp-stapling": on,
  "enable-signed-cert-timestamps": on,
  "signed-cert-timestamps": base64,
  "fail-cert-callback": on,
  "renew-ticket": on,
  "max-cert-list": number,
  "use-client-ca-list": text,
  "renegotiate-freely": on,
  "renegotiate-once": on,
  "renegotiate-explicit": on,
  "renegotiate-ignore": on,
  "shim-writes-first": on,
  "read-with-unfinished-write": on,
  "shim-shuts-down": on,
  "check-close-notify": on,
  "write-different-record-sizes": on,
  "read-size": number,
  "handshake-never-done": on,
  "enable-grease": on,
  "enable-early-data": on,
  "install-cert-compression-algs": on,
  "install-one-cert-compression-alg": number,
  "expect-ticket-supports-early-data": on,
  "expect-accept-early-data": on,
  "expect-reject-early-data": on,
  "expect-no-offer-early-data": on,
  "expect-no-session": on,
  "resumption-delay": number,
  "expect-hrr": on,
  "key-update": on,
  "tls-unique": on,
  "export-keying-material": number,
  "export-label": text,
  "export-context": text,
  "use-export-context": on,
  "use-exporter-between-reads": on,
  "expect-msg-callback": text,
  "expect-no-hrr": on,
  "expect-session-miss": on,
  "expect-session-id": on,
  "expect-no-session-id": on,
  "expect-ticket-renewal": on,
  "expect-extended-master-secret": on,
  "expect-secure-renegotiation": on,
  "expect-no-secure-renegotiation": on,
  "expect-total-renegotiations": number,
  "expect-peer-signature-algorithm": number,
  "expect-peer-verify-pref": numbers,
  "expect-curve-id": number,
  "expect-version": number,
  "expect-cipher": number,
  "expect-cipher-aes": number,
  "expect-cipher-no-aes": number,
  "expect-server-name": text,
  "expect-alpn": text,
  "expect-no-alpn": on,
  "expect-advertised-alpn": text,
  "expect-ocsp-response": base64,
  "expect-signed-cert-timestamps": base64,
  "expect-certificate-types": base64,
  "expect-client-ca-list": text,
  "expect-peer-cert-file": text,
} as const;

/** Flags that ask for what is so here anyway, or that tell how BoringSSL is to be called, and not what happens. */
const ignored = {
  "async": 0,
  "implicit-handshake": 0,
  "no-op-extra-handshake": 0,
  "handshake-twice": 0,
  "peek-then-read": 0,
  "partial-write": 0,
  "server-preference": 0,
  "set-ocsp-in-callback": 0,
  "use-early-callback": 0,
  "use-old-client-cert-callback": 0,
  "use-ticket-callback": 0,
  "expect-verify-result": 0,
  "expect-early-data-reason": 1,
  "allow-hint-mismatch": 0,
  "enforce-rsa-key-usage": 0,
  "forbid-renegotiation-after-handshake": 0,
  "ignore-rsa-key-usage": 0,
  "trust-cert": 1,
  "handshaker-path": 1,
} as const;

type Flags = typeof flags;
/** What the flags say of one connection. */
export type Config = { readonly [F in keyof Flags]?: ReturnType<Flags[F]["read"]> };

/** A flag or a feature that is not served. */
export class Unimplemented extends Error {}

/** Something is not as a flag expects it. */
export class Unexpected extends Data.TaggedError("Unexpected")<{ readonly what: string }> {
  override get message() {
    return this.what;
  }
}

interface Said {
  readonly when: "always" | "initial" | "resume" | "retry";
  readonly flag: keyof Flags;
  readonly value: string;
}

const table: ReadonlyMap<string, Kind<unknown>> = new Map(Object.entries(flags));

/** `-on-initial-X` and `-on-resume-X`; `-on-retry-X` when a resumed connection's early data was refused. */
const conditions = [
  { prefix: "on-shim-", when: undefined, drop: false },
  { prefix: "on-handshaker-", when: undefined, drop: true },
  { prefix: "on-initial-", when: "initial", drop: false },
  { prefix: "on-resume-", when: "resume", drop: false },
  { prefix: "on-retry-", when: "retry", drop: false },
] as const;

/** What the arguments say, in order. Throws `Unimplemented`. */
export const parse = (args: ReadonlyArray<string>): ReadonlyArray<Said> => {
  const said: Array<Said> = [];
  for (let at = 0; at < args.length; at++) {
    const argument = args[at]!;
    let name = argument.replace(/^--?/, "");
    let when: Said["when"] = "always";
    let dropped = false;
    for (const condition of conditions) {
      if (!name.startsWith(condition.prefix)) continue;
      name = name.slice(condition.prefix.length);
      when = condition.when ?? when;
      dropped ||= condition.drop;
    }
    const passed = Object.entries(ignored).find(([flag]) => flag === name);
    const kind = table.get(name);
    const takes = passed?.[1] ?? kind?.takes;
    if (argument === name || takes === undefined) throw new Unimplemented(argument);
    const value = takes === 1 ? args[++at] : "";
    if (value === undefined) throw new Unimplemented(`${argument} without a value`);
    if (!passed && !dropped) said.push({ when, flag: name as keyof Flags, value });
  }
  return said;
};

/** What is said of a connection, by its number from 0, and of one whose early data was refused. */
export const configOf = (said: ReadonlyArray<Said>, connection: number, retries = false): Config => {
  const now: ReadonlyArray<Said["when"]> = [
    "always",
    connection === 0 ? "initial" : "resume",
    ...(retries ? ["retry" as const] : []),
  ];
  const config: Record<string, unknown> = {};
  for (const { when, flag, value } of said) {
    if (now.includes(when)) config[flag] = table.get(flag)!.read(value, config[flag]);
  }
  return config;
};
