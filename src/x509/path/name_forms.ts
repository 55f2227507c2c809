/** How names are compared with name constraints, by their form (RFC 5280 §4.2.1.10). @module */
import type { Bytes } from "../../wire/bytes.ts";
import { type DistinguishedName, isBelow, mayBeBelow } from "../names/distinguished_name.ts";
import type { GeneralName } from "../names/general_name.ts";
import { parseIp } from "../names/ip_address.ts";
import { isDnsName } from "./host_name.ts";

/**
 * How names of one form (of type `A`) are compared. `name` and `base` prepare a name or a base, and return
 * `undefined` if it is malformed. These are methods, so that forms of all types fit one table: each gets only values
 * of its own form.
 */
export interface Form<A = unknown, N = unknown, B = unknown> {
  name(name: A): N | undefined;
  base(base: A): B | undefined;
  /** Whether everything that the name stands for is in the subtree. */
  within(name: N, base: B): boolean;
  /** Whether anything that the name stands for is in the subtree: a wildcard stands for many names. */
  touches(name: N, base: B): boolean;
}

const directoryName: Form<DistinguishedName, DistinguishedName, DistinguishedName> = {
  name: (name) => name,
  base: (base) => base,
  within: isBelow,
  touches: mayBeBelow,
};

/** A host name in lower case. `below` has a dot in front; for a wildcard, it is what follows the star. */
interface Host {
  readonly host: string;
  readonly below: string;
  readonly wildcard: boolean;
  readonly labels: number;
}

const hostOf = (name: string): Host => {
  const host = name.toLowerCase();
  const wildcard = host.startsWith("*.");
  // A base that begins with a dot means only what is below it. The RFC does not define this, but CAs use it.
  const below = wildcard ? host.slice(1) : host === "" || host.startsWith(".") ? host : `.${host}`;
  return { host, below, wildcard, labels: host.split(".").length };
};

const dNSName: Form<string, Host, Host> = {
  name: (name) => isDnsName(name, true) ? hostOf(name) : undefined,
  base: (base) => base === "" || isDnsName(base.replace(/^\./, "")) ? hostOf(base) : undefined,
  within: ({ host }, base) => host === base.host || host.endsWith(base.below),
  // `*.example.com` may stand for `secret.example.com`, but for nothing below that.
  touches: (name, base) =>
    dNSName.within(name, base) ||
    name.wildcard && name.labels === base.labels && base.below.endsWith(name.below),
};

/** Whether a mask is ones followed by zeros (RFC 4632 §3.1). */
const isMask = (mask: Bytes): boolean => {
  const at = mask.findIndex((byte) => byte !== 0xff);
  const zeros = at < 0 ? 0 : 0xff - mask[at]!;
  return (zeros & zeros + 1) === 0 && mask.every((byte, i) => i <= at || at < 0 || byte === 0);
};

/** A base is an address followed by its mask. */
const iPAddress: Form<Bytes, Bytes, Bytes> = {
  name: (name) => name.length === 4 || name.length === 16 ? name : undefined,
  base: (base) =>
    (base.length === 8 || base.length === 32) && isMask(base.subarray(base.length / 2)) ? base : undefined,
  within: (name, base) => {
    const { length } = name;
    if (base.length !== 2 * length) return false;
    for (let i = 0; i < length; i++) if ((name[i]! ^ base[i]!) & base[length + i]!) return false;
    return true;
  },
  touches: (name, base) => iPAddress.within(name, base),
};

/** A mailbox: its local part, whose case counts, and its host (RFC 5321 §4.1.2). A base may have either alone. */
interface Mailbox {
  readonly local: string | undefined;
  readonly host: Host;
}

const mailboxOf = (address: string): Mailbox | undefined => {
  const at = address.lastIndexOf("@");
  const host = address.slice(at + 1);
  const local = at < 0 ? undefined : address.slice(0, at);
  return local === "" || !isDnsName(host.replace(/^\./, "")) ? undefined : { local, host: hostOf(host) };
};

const isAt = ({ host: { host } }: Mailbox, base: Mailbox): boolean =>
  base.host.host.startsWith(".") ? host.endsWith(base.host.host) : host === base.host.host;

/**
 * A base is a mailbox, a host whose mailboxes it stands for, or a dot and what is below it. An address with a quoted
 * local part is not compared, because it can be written in many ways.
 */
const rfc822Name: Form<string, Mailbox, Mailbox> = {
  name: (name) => {
    const mailbox = mailboxOf(name);
    return mailbox?.local === undefined || /["\s\\]/.test(mailbox.local) || mailbox.host.host.startsWith(".")
      ? undefined
      : mailbox;
  },
  base: (base) => mailboxOf(base),
  within: (name, base) => isAt(name, base) && (base.local === undefined || name.local === base.local),
  // Whether case counts is for the host to say, so that it may not count.
  touches: (name, base) =>
    isAt(name, base) &&
    (base.local === undefined || name.local?.toLowerCase() === base.local.toLowerCase()),
};

/** The host of a URI with an authority (RFC 3986 §3.2); a user's name and a port may stand beside it. */
const AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/(?:[^\/?#@]*@)?([^\/?#@:[\]]+)(?::\d*)?(?:[\/?#]|$)/i;

/** A base is a host, or a dot and what is below it. Only a URI that names a host can be compared. */
const uniformResourceIdentifier: Form<string, Host, Host> = {
  name: (uri) => {
    const host = AUTHORITY.exec(uri)?.[1]?.replace(/\.$/, "");
    return host === undefined || parseIp(host) || !isDnsName(host) ? undefined : hostOf(host);
  },
  base: (base) => isDnsName(base.replace(/^\./, "")) ? hostOf(base) : undefined,
  within: ({ host }, base) => base.host.startsWith(".") ? host.endsWith(base.host) : host === base.host,
  touches: (name, base) => uniformResourceIdentifier.within(name, base),
};

/** The supported forms. A constraint on another form refuses every name of that form. */
export const forms: Partial<Record<GeneralName["_tag"], Form>> = {
  directoryName,
  dNSName,
  iPAddress,
  rfc822Name,
  uniformResourceIdentifier,
};
