// Whether the programs know the flags and variables that containers are started with. The programs
// themselves are asked: --help lists what there is.
import {execFileSync} from 'node:child_process';
import {nameOf, workloads} from './manifests.mjs';

export const programs = ['comments-service', 'invoice-service', 'gateway'];

// {program: names of its flags}
export function knownFlags(build) {
  return Object.fromEntries(programs.map((program) => {
    const help = execFileSync(`${build}/${program}/${program}`, ['--help'], {encoding: 'utf8'});
    return [program, [...help.matchAll(/^ {2}--(\w+)=/gm)].map(([, name]) => name)];
  }));
}

// What a container is started with: {name, command, variables}.
export function containersOf(objects) {
  return workloads(objects).flatMap(({object, pod}) => pod.containers.map((container) => ({
    name: nameOf(object),
    command: [...(container.command ?? []), ...(container.args ?? [])],
    variables: (container.env ?? []).map(({name}) => name),
  })));
}

// The same of the services of a compose file which run one of the programs.
export function composedContainers({services}) {
  return Object.entries(services)
    .filter(([, {command}]) => command)
    .map(([name, {command, environment}]) => ({name, command, variables: Object.keys(environment ?? {})}));
}

function wrongContainer({name, command, variables}, known) {
  const [program, ...args] = command;
  if (!known[program]) return [`${name} runs ${program}, which is none of the programs`];
  const flags = args.map((argument) => /^--(\w+)(=|$)/.exec(argument)?.[1] ?? argument);
  const fromVariables = variables.map((variable) => variable.replace(/^MARGINALIA_/, '').toLowerCase());
  return [
    ...flags.filter((flag) => !known[program].includes(flag)).map((flag) => `${name}: ${program} knows no flag ${flag}`),
    ...variables.filter((_, index) => !known[program].includes(fromVariables[index]))
      .map((variable) => `${name}: ${program} knows no variable ${variable}`),
    ...flags.filter((flag, index) => flags.indexOf(flag) !== index).map((flag) => `${name} gives --${flag} twice`),
  ];
}

export function wrongFlags(containers, known) {
  return containers.flatMap((container) => wrongContainer(container, known));
}
