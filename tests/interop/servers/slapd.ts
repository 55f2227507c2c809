/** OpenLDAP's server, which begins TLS by an extended operation. @module */
import { Effect } from "../../deps.ts";
import { place, prepare, serve, type ServerOptions } from "./place.ts";

/** For `withPeer`. */
export const PROGRAM = "slapd";

/** OpenLDAP with the one entry `dc=example,dc=org`, which everybody may read; `cn=admin` below it has the password `secret`. */
export const slapd = (options?: ServerOptions) =>
  Effect.gen(function* () {
    const at = yield* place(options);
    const { folder, port, user } = at;
    const file = yield* at.write(
      "slapd.conf",
      `include /etc/ldap/schema/core.schema
pidfile ${folder}/pid
TLSCACertificateFile ${at.root}
TLSCertificateFile ${at.certificate}
TLSCertificateKeyFile ${at.privateKey}
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
maxsize 10485760
suffix dc=example,dc=org
directory ${folder}
rootdn cn=admin,dc=example,dc=org
rootpw secret
`,
    );
    const entry = yield* at.write(
      "entry.ldif",
      "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n",
    );
    yield* prepare(at, "slapadd", "-q", "-f", file, "-l", entry);
    return yield* serve(at, PROGRAM, ["-f", file, "-h", `ldap://127.0.0.1:${port}`, "-d", "0"], { as: user });
  });
