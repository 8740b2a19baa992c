type Room = { atMost: number; underWay: number };

/** How many of an account's jobs wait at most, known without counting them where no other process submits: the last count and
 *  what was submitted since. */
export class QueueRoom {
  readonly #rooms = new Map<string, Room>();

  /** Takes a place that is surely free; false where only counting tells. To be followed by `settled`. */
  take(accountId: string, maxQueueLength: number): boolean {
    const room = this.#rooms.get(accountId);
    if (room === undefined || room.atMost >= maxQueueLength) return false;
    room.atMost += 1;
    room.underWay += 1;
    return true;
  }

  /** A submit that took a place is over, whatever became of it. */
  settled(accountId: string): void {
    const room = this.#rooms.get(accountId);
    if (room !== undefined) room.underWay -= 1;
  }

  /** What was counted; places that were taken and are not in the database yet come on top. */
  counted(accountId: string, waiting: number): void {
    const underWay = this.#rooms.get(accountId)?.underWay ?? 0;
    this.#rooms.set(accountId, { atMost: waiting + underWay, underWay });
  }
}
