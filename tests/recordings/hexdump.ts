/** Connections as Go's tests record them: flows, each a hexdump of what one end sends before the other speaks. @module */
import { hex } from "../support/keys.ts";
import type { Segment } from "./pcap.ts";

/** The flows of a recording. Throws for a line that is neither a heading nor a dump's next. */
export const flowsOf = (text: string): ReadonlyArray<Segment> =>
  text.split(/^(?=>>> )/m).map((flow) => {
    const [heading, ...lines] = flow.trimEnd().split("\n");
    const [, from] = /^>>> Flow \d+ \((client|server) to (?:client|server)\)$/.exec(heading!) ?? [];
    if (!from) throw new TypeError(`no flow: ${heading}`);
    const digits = lines.map((line, i) => {
      const [, offset, bytes] = /^([0-9a-f]{8}) ((?: {1,2}[0-9a-f]{2}){1,16}) +\|/.exec(line) ?? [];
      if (Number.parseInt(offset!, 16) !== 16 * i) throw new TypeError(`no line ${i} of a dump: ${line}`);
      return bytes!.replaceAll(" ", "");
    });
    return { from: from as Segment["from"], bytes: hex(digits.join("")) };
  });
