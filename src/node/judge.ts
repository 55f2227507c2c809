/** The trust decision of one connection, with what Node's options change about it. @module */
import { Effect } from "../deps.ts";
import type { CertificateVerifierService } from "../public/certificate_verifier.ts";

/** How one connection judges its peer. */
export interface Judging {
  /** Whether a peer that is not trusted is refused. */
  readonly rejects: boolean;
  /** The name that the certificate must be for; `undefined` if nobody compares names, or somebody else does. */
  readonly name: string | undefined;
  /** What else sessions must have in common to be resumed. */
  readonly sessions?: string;
  /** Called with the OCSP response that the server stapled. */
  readonly stapled?: (response: Uint8Array) => void;
}

/** A verifier for one connection, which remembers why it let a peer pass that is not trusted. */
export interface Judge extends CertificateVerifierService {
  /** Why the peer of the last handshake is not trusted; `undefined` if it is, or if nobody asked. */
  fault: Error | undefined;
  /** The verifier whose word counts, which the name that a client asks for may change. */
  inner: CertificateVerifierService;
}

/** Makes a judge. Sessions made under it are resumed only where peers are judged alike. */
export const makeJudge = (inner: CertificateVerifierService, how: Judging): Judge => {
  const { rejects, name, sessions = "", stapled } = how;
  const judge: Judge = {
    fault: undefined,
    inner,
    get partition() {
      const { partition } = judge.inner;
      return JSON.stringify([rejects ? "refuses" : "lets pass", name ?? "any name", sessions, partition]);
    },
    get authorities() {
      return judge.inner.authorities;
    },
    verify: (what) =>
      Effect.suspend(() => {
        judge.fault = undefined;
        if (what.ocspResponse) stapled?.(what.ocspResponse);
        return Effect.catchAll(judge.inner.verify({ ...what, name }), (error) => {
          judge.fault = error;
          return rejects ? Effect.fail(error) : Effect.void;
        });
      }),
  };
  return judge;
};
