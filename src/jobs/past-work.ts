import type { Database } from "../db/database.ts";
import type { Tier } from "../domain/upscale-request.ts";

/** What an earlier job of this installation took and gave. */
export type PastWork = {
  readonly preset: string;
  readonly network: string | undefined;
  readonly frames: number;
  /** Of the work itself, waits and other jobs not counted. */
  readonly framesPerSecond: number;
  readonly source: { readonly width: number; readonly height: number };
  readonly output: { readonly width: number; readonly height: number; readonly codec: string; readonly sizeBytes: number };
  readonly quality: number;
};

type Row = {
  readonly preset: string;
  readonly network: string | null;
  readonly frames: number;
  readonly speed: number;
  readonly from_width: number;
  readonly from_height: number;
  readonly width: number;
  readonly height: number;
  readonly codec: string;
  readonly size: number;
  readonly quality: number;
};

/** Too few frames say more of starting than of working. */
const fewestFrames = 20;

/** The latest jobs of a tier that succeeded, whoever's they were. */
export async function pastWork(database: Database, tier: Tier, limit: number): Promise<readonly PastWork[]> {
  const rows = await database.query<Row>(
    `select request ->> 'preset' as preset, report #>> '{network,id}' as network,
       (report #>> '{frames,output}')::integer as frames, (report #>> '{speed,framesPerSecond}')::float8 as speed,
       (report #>> '{input,size,width}')::integer as from_width, (report #>> '{input,size,height}')::integer as from_height,
       (report #>> '{output,size,width}')::integer as width, (report #>> '{output,size,height}')::integer as height,
       report #>> '{output,codec}' as codec, (report #>> '{output,sizeBytes}')::float8 as size,
       (request ->> 'quality')::integer as quality
     from jobs
     where state = 'succeeded' and request ->> 'tier' = $1 and (report #>> '{speed,framesPerSecond}')::float8 > 0
       and (report #>> '{frames,output}')::integer >= ${fewestFrames} and (report #>> '{speed,segmentsReused}')::integer = 0
     order by finished_at desc limit $2`,
    [tier, limit],
  );
  return rows.map((row) => ({
    preset: row.preset,
    network: row.network ?? undefined,
    frames: row.frames,
    framesPerSecond: row.speed,
    source: { width: row.from_width, height: row.from_height },
    output: { width: row.width, height: row.height, codec: row.codec, sizeBytes: row.size },
    quality: row.quality,
  }));
}
