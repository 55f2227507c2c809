/** The protocols that begin TLS in the middle. A new one is a row here. @module */
import { ldap } from "./ldap.ts";
import { imap, lmtp, pop3, sieve, smtp } from "./lines/mail.ts";
import { ftp, irc, nntp } from "./lines/others.ts";
import { mysql } from "./mysql.ts";
import { postgres } from "./postgres.ts";
import { xmpp } from "./xmpp.ts";

/** Every protocol, by its name. */
export const protocols = { smtp, lmtp, imap, pop3, sieve, ftp, nntp, irc, ldap, postgres, mysql, xmpp };
