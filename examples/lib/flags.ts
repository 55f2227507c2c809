/** The command-line flags of the example programs. @module */
import { parseArgs } from "node:util";
import * as Either from "npm:effect@^3.22.4/Either";
import { Names, Policy } from "../../mod.ts";
import * as StartTls from "../../src/starttls/mod.ts";

/** The command line is wrong. The program prints the message and exits with 2. */
export class UsageError extends Error {}

/** A flag: its argument (none if `takes` is `undefined`), whether it may be repeated, and its help text. */
export interface Flag {
  readonly takes?: string;
  readonly repeats?: true;
  /** Its letter, if it has one. */
  readonly short?: string;
  readonly help: string;
}

/** The flags of a program, by name. */
export type Flags = Readonly<Record<string, Flag>>;

/** The flags that client and server share. */
export const common = {
  policy: { takes: "modern|compatible|legacy", help: "which protocol features to allow (modern)" },
  versions: { takes: "ssl3.0,tls1.0,…", help: "only these versions: ssl3.0, tls1.0, tls1.1, tls1.2, tls1.3" },
  "cipher-suites": {
    takes: "NAME,…",
    help: "only these cipher suites, the preferred first, by the names of IANA or OpenSSL",
  },
  groups: { takes: "x25519,…", help: "only these groups, the preferred first" },
  compression: { takes: "null,deflate", help: "the compression methods to allow, the preferred first" },
  "no-tickets": { help: "no sealed session tickets: resume only what the server's store keeps" },
  renegotiation: {
    takes: "allow|refuse|close|ignore",
    help:
      "what to do when the peer wants to renegotiate (refuse; allow with --renegotiate or an older policy)",
  },
  "insecure-renegotiation": { help: "also renegotiate with a peer without RFC 5746" },
  starttls: {
    takes: "PROTOCOL",
    help: `begin in the clear, and ask for TLS as this protocol does: ${
      Object.keys(StartTls.ports).join(", ")
    }`,
  },
  alpn: { takes: "NAME,…", help: "application protocols, the preferred first" },
  cert: {
    takes: "FILE",
    repeats: true,
    help:
      "our certificate chain (PEM, DER, PKCS#7, PKCS#12); may be repeated, each with a --key: the handshake uses the one that fits",
  },
  key: {
    takes: "FILE",
    repeats: true,
    help: "its private key (PKCS#8, PKCS#1, SEC 1, PKCS#12; in PEM or DER)",
  },
  "key-pass": {
    takes: "env:NAME|file:FILE",
    help:
      "the passphrase of encrypted keys and PKCS#12 files: from a variable or a file's first line, as others can see a command line",
  },
  "session-store": {
    takes: "none|memory",
    help: "where to keep sessions; with none, nothing is resumed (memory)",
  },
  crypto: {
    takes: "native|noble|openssl",
    help:
      "the provider of cryptography: the platform's own, portable, or the system's OpenSSL, which Deno allows by --allow-ffi (native)",
  },
  profile: {
    takes: "rfc5280|webpki",
    help: "the rules to hold certificates to: webpki adds those of browsers (rfc5280)",
  },
  "require-policies": { takes: "OID,…", help: "certificate policies of which one must be valid" },
  "ct-logs": {
    takes: "FILE",
    help: "the logs whose signed certificate timestamps count: two are wanted (JSON, as browsers use it)",
  },
  allow: {
    takes: "sha1,…",
    help: "weak certificates to trust: sha1, commonName, caAsLeaf, minimumRsaBits=N",
  },
  crl: {
    takes: "FILE",
    repeats: true,
    help:
      "CRLs (PEM or DER) of the roots and of the authorities below; nobody is trusted of whom they say nothing",
  },
  "crl-check": {
    takes: "leaf|chain",
    help: "whether the CRLs must speak of the peer's own certificate, or of its authorities as well (chain)",
  },
  psk: {
    takes: "IDENTITY:HEX",
    repeats: true,
    help:
      "an external pre-shared key (TLS 1.3) in hexadecimal; others can see a command line, so rather --psk-file",
  },
  "psk-file": { takes: "FILE", help: "external pre-shared keys, a line IDENTITY:HEX for each" },
  "update-keys": { help: "change the keys of both ends after the first data, then go on (TLS 1.3)" },
  "key-log": {
    takes: "FILE",
    help: "append the secrets of each connection, for Wireshark: whoever has the file can decrypt everything",
  },
  json: { help: "print one JSON object per line on stdout" },
  help: { help: "print this text" },
} as const satisfies Flags;

/** The parsed command line: flags by name, and the other arguments. */
export interface Given {
  readonly flags: Readonly<Record<string, string | undefined>>;
  /** The values of each flag that may be repeated, in order. */
  readonly repeated: Readonly<Record<string, ReadonlyArray<string>>>;
  readonly rest: ReadonlyArray<string>;
}

/** Parses the command line. Throws UsageError. */
export const parse = (flags: Flags, args: ReadonlyArray<string>): Given => {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: Object.fromEntries(
        Object.entries(flags).map((
          [name, f],
        ) => [
          name,
          {
            type: f.takes ? "string" : "boolean",
            multiple: true,
            ...f.short && { short: f.short },
          } as const,
        ]),
      ),
    });
    const all = Object.entries(values).map(([name, value]) =>
      [name, [value].flat().map((one) => one === true ? "" : String(one))] as const
    );
    const twice = all.find(([name, said]) => said.length > 1 && !flags[name]?.repeats);
    if (twice) throw new UsageError(`--${twice[0]} is given more than once`);
    return {
      flags: Object.fromEntries(all.map(([name, said]) => [name, said.at(-1)])),
      repeated: Object.fromEntries(all),
      rest: positionals,
    };
  } catch (e) {
    if (e instanceof UsageError) throw e;
    const text = e instanceof Error ? e.message : String(e);
    const [, unknown] = /^Unknown option '--([^']*)'/.exec(text) ?? [];
    if (unknown === undefined) throw new UsageError(text);
    const near = Names.nearest(unknown, Object.keys(flags));
    throw new UsageError(`there is no --${unknown}${near === undefined ? "" : `; did you mean --${near}?`}`);
  }
};

/** Formats the text of `--help`. */
export const help = (usage: string, about: string, flags: Flags): string => {
  const left = Object.entries(flags).map((
    [name, f],
  ) => [`${f.short ? `-${f.short}, ` : ""}--${name}${f.takes ? ` ${f.takes}` : ""}`, f.help]);
  const width = Math.max(...left.map(([l]) => l!.length));
  return [about, "", `usage: ${usage}`, "", ...left.map(([l, r]) => `  ${l!.padEnd(width)}  ${r}`)].join(
    "\n",
  );
};

/** Splits a list at its commas, without empty items. */
export const list = (text: string): ReadonlyArray<string> =>
  text.split(",").map((s) => s.trim()).filter((s) => s);

/** The value that a word stands for. Throws UsageError for an unknown word. */
export const oneOf = <A>(flag: string, known: Readonly<Record<string, A>>, text: string): A => {
  if (Object.hasOwn(known, text)) return known[text]!;
  const words = Object.keys(known);
  const near = Names.nearest(text, words);
  const meant = near === undefined ? "" : `did you mean ${near}? `;
  // Nobody reads a hundred names.
  const all = words.length > 20
    ? `there are ${words.length}, such as ${words.slice(0, 2).join(" and ")}`
    : `give ${listed(words)}`;
  throw new UsageError(
    `--${flag}: ${JSON.stringify(text)}; ${meant}${meant && words.length > 20 ? "" : all}`.trimEnd(),
  );
};

const listed = (words: ReadonlyArray<string>): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;

/** Throws UsageError if there are arguments other than flags. */
export const noArguments = ({ rest: [first] }: Given): void => {
  if (first !== undefined) throw new UsageError(`unexpected argument ${JSON.stringify(first)}`);
};

const policies = { modern: Policy.modern, compatible: Policy.compatible, legacy: Policy.legacy };
const versions: Record<string, Names.ProtocolVersion> = {
  "ssl3.0": Names.ProtocolVersion.SSL_3_0,
  "tls1.0": Names.ProtocolVersion.TLS_1_0,
  "tls1.1": Names.ProtocolVersion.TLS_1_1,
  "tls1.2": Names.ProtocolVersion.TLS_1_2,
  "tls1.3": Names.ProtocolVersion.TLS_1_3,
};
// Includes suites without encryption or authentication: they are in no policy, but may be given by name.
const suites = Object.fromEntries(
  Policy.everySuite.map((id): [string, Names.CipherSuite] => [Names.CipherSuite.nameOf(id), id]),
);
/** IANA's names, and OpenSSL's where they are others. */
const suitesByName: Readonly<Record<string, Names.CipherSuite>> = {
  ...Object.fromEntries(Object.entries(suites).map(([name, id]) => [Names.opensslName(name), id])),
  ...suites,
};
const groups = Object.fromEntries(
  Policy.everyGroup.map((id): [string, Names.NamedGroup] => [Names.NamedGroup.nameOf(id), id]),
);

const compressionMethods: Record<string, Names.CompressionMethod> = {
  null: Names.CompressionMethod.null,
  deflate: Names.CompressionMethod.DEFLATE,
};
const renegotiation = { allow: "allow", refuse: "refuse", close: "close", ignore: "ignore" } as const;

/** The name of the policy to start from. Throws UsageError. */
export const policyNameOf = ({ flags }: Given): keyof typeof policies =>
  oneOf(
    "policy",
    { modern: "modern", compatible: "compatible", legacy: "legacy" } as const,
    flags["policy"] ?? "modern",
  );

/** The policy that the flags describe. Throws UsageError for an unknown name. */
export const policyOf = (given: Given): Policy.Policy => {
  const { flags } = given;
  const base = policies[policyNameOf(given)];
  const named = <A>(flag: string, known: Readonly<Record<string, A>>, otherwise: ReadonlyArray<A>) =>
    flags[flag] === undefined ? otherwise : list(flags[flag]).map((name) => oneOf(flag, known, name));
  const policy = Policy.decode({
    ...base,
    versions: named("versions", versions, base.versions),
    cipherSuites: named("cipher-suites", suitesByName, base.cipherSuites),
    groups: named("groups", groups, base.groups),
    compressionMethods: named("compression", compressionMethods, base.compressionMethods),
    sessionTickets: flags["no-tickets"] === undefined,
    renegotiation: oneOf(
      "renegotiation",
      renegotiation,
      flags["renegotiation"] ?? (flags["renegotiate"] === undefined ? base.renegotiation : "allow"),
    ),
    insecureRenegotiation: flags["insecure-renegotiation"] !== undefined,
    requireSecureRenegotiation: flags["no-secure-renegotiation"] === undefined &&
      base.requireSecureRenegotiation,
    limits: { ...base.limits, sessionLifetime: 1000 * numberOf(given, "session-ttl", 86_400) },
  });
  return Either.getOrThrowWith(policy, ({ message, option }) =>
    new UsageError(
      option === "policy.versions"
        ? `${message}: an older version needs --policy compatible or legacy, or --cipher-suites that it has`
        : message,
    ));
};

/** The value of `--client-auth` or `--renegotiate-client-auth`. Throws UsageError. */
export const clientAuthOf = (
  { flags }: Given,
  flag: "client-auth" | "renegotiate-client-auth" = "client-auth",
): "none" | "request" | "require" =>
  oneOf(
    flag,
    { none: "none", request: "request", require: "require" } as const,
    flags[flag] ?? flags["client-auth"] ?? "none",
  );

/** The application protocols given by the flags. */
export const alpnOf = ({ flags }: Given): ReadonlyArray<string> => list(flags["alpn"] ?? "");

const startTlsProtocols = Object.fromEntries(
  Object.keys(StartTls.ports).map((name) => [name, name as StartTls.Protocol]),
);

/** The protocol that is spoken before TLS, if there is one. Throws UsageError. */
export const startTlsOf = ({ flags }: Given): StartTls.Protocol | undefined =>
  flags["starttls"] === undefined ? undefined : oneOf("starttls", startTlsProtocols, flags["starttls"]);

/** The whole number given by a flag. Throws UsageError. */
export const numberOf = ({ flags }: Given, flag: string, otherwise: number): number => {
  const text = flags[flag];
  if (text === undefined) return otherwise;
  const n = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(n)) return n;
  throw new UsageError(`--${flag}: ${text} is not a whole number`);
};

/** The positive whole number given by a flag. Throws UsageError. */
export const positiveOf = (given: Given, flag: string, otherwise: number): number => {
  const n = numberOf(given, flag, otherwise);
  if (given.flags[flag] === undefined || n > 0) return n;
  throw new UsageError(`--${flag}: must be more than 0`);
};

/** What to connect to. */
export interface Target {
  readonly hostname: string;
  readonly port: number;
  /** The path of a URL; `undefined` for an address. */
  readonly path?: string;
}

/** Parses `HOST:PORT`, `[v6]:PORT`, `HOST` or an `https:` URL. Throws UsageError. */
export const targetOf = (text: string, otherwise: number): Target => {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return ofUrl(text);
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
  const port = Number(match?.[3] ?? otherwise);
  const hostname = match?.[1] ?? match?.[2];
  if (hostname === undefined || port > 65535) throw new UsageError(`${text} is not HOST:PORT`);
  if (port === 0) throw new UsageError(`${text}: port 0 cannot be connected to`);
  return { hostname, port };
};

const ofUrl = (text: string): Target => {
  const url = URL.parse(text);
  if (url?.protocol !== "https:") {
    throw new UsageError(`${JSON.stringify(text)} is no https: URL; give HOST:PORT for other protocols`);
  }
  if (url.username || url.password) {
    throw new UsageError("a name and password in a URL are not sent; give --header 'Authorization: …'");
  }
  const port = Number(url.port || 443);
  if (port === 0) throw new UsageError(`${text}: port 0 cannot be connected to`);
  return { hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"), port, path: url.pathname + url.search };
};

/** A host and port as they are written in a URL of HTTPS. */
export const hostOf = (hostname: string, port: number): string =>
  `${hostname.includes(":") ? `[${hostname}]` : hostname}${port === 443 ? "" : `:${port}`}`;
