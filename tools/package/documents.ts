/** What each package says about itself below /usr/share/doc, in the forms that Debian's tools read. */

const license = `License: Apache-2.0
 Licensed under the Apache License, Version 2.0 (the "License"); you may not
 use these files except in compliance with the License. You may obtain a copy
 of the License at http://www.apache.org/licenses/LICENSE-2.0
 .
 Unless required by applicable law or agreed to in writing, software
 distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
 WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
 License for the specific language governing permissions and limitations
 under the License.
 .
 On Debian systems the text of the license is in
 /usr/share/common-licenses/Apache-2.0.
`;

/** The file `copyright`, machine-readable (format 1.0 of Debian's policy). */
export function copyrightFile(year: number): string {
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Longshore

Files: *
Copyright: ${year} The Longshore maintainers
${license}`;
}

/** The file `changelog`, deb-changelog(5): one entry, as the list of changes is one for all packages. */
export function changelogFile(name: string, version: string, maintainer: string, date: Date): string {
  // "Sat, 21 Nov 2026 13:15:00 +0000", as of RFC 5322.
  const stamp = date.toUTCString().replace('GMT', '+0000');
  return `${name} (${version}) unstable; urgency=medium

  * Release of Longshore ${version}: what is new is in NEWS.gz.

 -- ${maintainer}  ${stamp}
`;
}

/** The extended description of a control file: lines of at most `width` characters, each after a space. */
export function wrapDescription(text: string, width = 78): string {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    if (`${lines.at(-1)} ${word}`.length > width) lines.push('');
    lines[lines.length - 1] += ` ${word}`;
  }
  return lines.join('\n');
}
