import { describe, expect, it } from "vitest";
import { knownZone, whenOf } from "../../src/screens/reader/invitation-words.ts";
import type { Invitation } from "../../src/jmap/types.ts";

function invitation(more: Partial<Invitation>): Invitation {
  return {
    method: "request", uid: "u", sequence: 0, stamp: null, summary: "x", location: null, description: null, comment: null, status: null, allDay: false, start: null, end: null,
    startLocal: null, endLocal: null, timeZone: null, instance: null, organizer: null, attendees: [], attendeesTotal: 0, recurrence: null, ...more,
  };
}

describe("when an invitation takes place", () => {
  it("leaves the day after the last one of whole days out", () => {
    const one = whenOf(invitation({ allDay: true, startLocal: "2026-05-04", endLocal: "2026-05-05" }), "en-GB");
    expect(one?.text).toMatch(/^Monday,? 4 May 2026$/);
    const two = whenOf(invitation({ allDay: true, startLocal: "2026-05-04", endLocal: "2026-05-06" }), "en-GB");
    expect(two?.text).toMatch(/4.*5 May 2026/);
  });
  it("is told as written where the zone is unknown", () => {
    expect(whenOf(invitation({ startLocal: "2026-05-04T10:00:00", timeZone: "My zone" }), "en-GB")?.text).toMatch(/10:00/);
  });
  it("is told in the sender's zone as well", () => {
    const when = whenOf(invitation({ start: "2026-05-04T08:00:00Z", startLocal: "2026-05-04T17:00:00", timeZone: "Asia/Tokyo" }), "en-GB");
    expect(when?.there).toMatch(/17:00/);
  });
  it("never takes a zone from a sender that is none", () => {
    expect(knownZone("../../etc")).toBeNull();
    expect(knownZone("/freeassociation.sourceforge.net/Europe/Berlin")).toBe("Europe/Berlin");
  });
});
