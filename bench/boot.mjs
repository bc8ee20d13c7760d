// What the package costs an application at its start, in processor time. Loading it by CommonJS, in
// processes of their own, after Nest: such an application gets the ES modules (one identity of each
// class), which are to cost no more than the CommonJS build would. And the start of an application
// of 100 modules with it and without.
import { execFileSync } from 'node:child_process';
import 'reflect-metadata';
import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AirlockModule } from 'nestjs-airlock';
import { atMost, ratioOf, row } from './ratios.mjs';

const program = `
  require('reflect-metadata');
  require('@nestjs/common');
  require('@nestjs/core');
  const before = process.cpuUsage();
  require(process.argv[1]);
  const { user, system } = process.cpuUsage(before);
  console.log(user + system);
`;

function load(entry) {
  return Number(
    execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', '-e', program, entry]),
  );
}

/** A module with a controller of five routes and three services of ten methods. */
function moduleOf(number) {
  class Routes {}
  for (let i = 0; i < 5; i++) {
    Routes.prototype[`route${i}`] = () => 'done';
    Get(`${i}`)(
      Routes.prototype,
      `route${i}`,
      Object.getOwnPropertyDescriptor(Routes.prototype, `route${i}`),
    );
  }
  Controller(`${number}`)(Routes);
  const providers = Array.from({ length: 3 }, () => {
    class Service {}
    for (let i = 0; i < 10; i++) Service.prototype[`method${i}`] = () => {};
    Injectable()(Service);
    return Service;
  });
  class Feature {}
  Module({ controllers: [Routes], providers })(Feature);
  return Feature;
}

function rootOf(imports) {
  class Root {}
  Module({ imports })(Root);
  return Root;
}

async function start(root) {
  const before = process.cpuUsage();
  const app = await NestFactory.create(root, { logger: false });
  await app.init();
  const { user, system } = process.cpuUsage(before);
  await app.close();
  return user + system;
}

export async function measure(rounds) {
  const ways = ['./dist/cjs/index.js', 'nestjs-airlock'];
  for (const way of ways) load(way);
  const times = Array.from({ length: rounds }, () => ways.map(load));
  const features = Array.from({ length: 100 }, (_, number) => moduleOf(number));
  const [mine, peers] = [[], []];
  for (let i = -3; i < rounds; i++) {
    const without = await start(rootOf(features));
    const withIt = await start(rootOf([AirlockModule.forRoot(), ...features]));
    if (i < 0) continue;
    mine.push(withIt);
    peers.push(without);
  }
  return [
    row(
      'boot: loaded by a CommonJS application',
      'the CommonJS build',
      ratioOf(
        times.map(([, one]) => one),
        times.map(([peer]) => peer),
      ),
      atMost(1),
    ),
    row('boot: an application of 100 modules', 'without Airlock', ratioOf(mine, peers)),
  ];
}
