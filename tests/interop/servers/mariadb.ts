/** MariaDB, which speaks MySQL's protocol. @module */
import { Effect } from "../../deps.ts";
import { place, prepare, serve, type ServerOptions } from "./place.ts";

/** For `withPeer`. */
export const PROGRAM = "mariadbd";

/** MariaDB with the user `tester`, whose password is `secret`, and an empty database `test`. */
export const mariadb = (options?: ServerOptions) =>
  Effect.gen(function* () {
    const at = yield* place(options);
    const { folder, user } = at;
    const data = `${folder}/data`;
    yield* prepare(
      at,
      "mariadb-install-db",
      ...[
        "--no-defaults",
        `--datadir=${data}`,
        "--auth-root-authentication-method=normal",
        "--skip-name-resolve",
      ],
      ...["--skip-test-db", "--innodb-flush-log-at-trx-commit=0", "--innodb-log-file-size=4M"],
    );
    const init = yield* at.write(
      "init.sql",
      "CREATE DATABASE test;\nCREATE USER tester@'%' IDENTIFIED BY 'secret';\nGRANT ALL ON test.* TO tester@'%';\n",
    );
    const running = yield* serve(at, PROGRAM, [
      ...["--no-defaults", `--datadir=${data}`, `--socket=${folder}/socket`, `--pid-file=${folder}/pid`],
      ...["--bind-address=127.0.0.1", `--port=${at.port}`, "--skip-name-resolve", `--init-file=${init}`],
      ...[`--ssl-cert=${at.certificate}`, `--ssl-key=${at.privateKey}`, `--ssl-ca=${at.root}`],
    ], { as: user, ready: /ready for connections/ });
    // Its data are thrown away, so it need not tidy them up.
    yield* Effect.addFinalizer(() => running.peer.kill("SIGKILL"));
    return running;
  });
