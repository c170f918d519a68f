import { expect, it } from "vitest";
import { EngineClock } from "./clock";

it("is the page's own clock until the engine said its time", () => {
  expect(new EngineClock().at(1000)).toBe(1000);
});

it("keeps the difference between the two clocks", () => {
  const clock = new EngineClock();
  clock.read(5_000_000, 1000);
  expect(clock.at(3000)).toBe(5_002_000);
  clock.read(5_060_100, 61_000); // the answer took a moment
  expect(clock.rate).toBe(1);
  expect(clock.at(62_000)).toBe(5_061_100);
});

it("follows a demo whose clock runs faster", () => {
  const clock = new EngineClock();
  clock.read(0, 0);
  clock.read(10_100, 1000);
  expect(clock.rate).toBe(10);
  expect(clock.at(2000)).toBe(20_100);
});

it("does not take two quick answers for a fast clock", () => {
  const clock = new EngineClock();
  clock.read(0, 0);
  clock.read(400, 50);
  expect(clock.rate).toBe(1);
});

it("is not misled by one late answer for long", () => {
  const clock = new EngineClock();
  clock.read(0, 0);
  clock.read(11_000, 1000); // read late
  for (let page = 6000; page <= 60_000; page += 5000) clock.read(page * 10, page);
  expect(clock.rate).toBe(10);
  clock.read(651_000, 65_000); // read late again
  expect(clock.rate).toBe(10);
});

it("forgets that a clock was set", () => {
  const clock = new EngineClock();
  clock.read(0, 0);
  clock.read(60_000, 60_000);
  clock.read(3_660_000, 120_000); // an hour ahead at once
  clock.read(3_720_000, 180_000);
  clock.read(3_780_000, 240_000);
  expect(clock.rate).toBe(1);
});
