//! The descriptors that the steps have opened (`exec 3>log`): converts the part of a dump about
//! them into text that opens them again.
//!
//! A file is opened again at its path, with the same access and at the same place, and a lock of
//! `flock` is taken again. For a pipe, a socket, a deleted file or a place that cannot be found
//! again, the text reports the loss, so that no step runs without the descriptor.

use super::roots::Roots;
use crate::text::shell_word::quoted;

/// The beginning of the text of each descriptor, which its number follows.
pub(super) const START: &str = "__guide_descriptor=";

/// The largest place in a file that is restored, in bytes, because bash has to read up to that
/// place.
const LONGEST_SEEK: u64 = 4 << 20;

/// An open descriptor, as `dump.sh` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Descriptor {
    pub(super) number: u32,
    /// The target of the descriptor: a path, or `pipe:[1234]`.
    target: Vec<u8>,
    /// The flags of `open`.
    flags: u32,
    /// The place in the file, in bytes.
    position: u64,
    /// The length of the file, in bytes.
    size: u64,
    lock: Option<Lock>,
}

/// The lock that a descriptor holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lock {
    Shared,
    Exclusive,
    /// Whether it is of a kind that ends with the process.
    OfProcess,
}

/// Reads the output of `dump.sh`: for each descriptor a line with its number, the lines of
/// `/proc/PID/fdinfo/N`, a line with the length of the file, and its target. A descriptor without a
/// target is not passed to programs, and belongs to bash.
pub(super) fn descriptors(text: &[u8]) -> Vec<Descriptor> {
    let mut found: Vec<Descriptor> = Vec::new();
    for line in text.split(|&byte| byte == b'\n') {
        let (key, value) = match line.iter().position(|byte| b" \t".contains(byte)) {
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (line, &b""[..]),
        };
        let number = || std::str::from_utf8(value).ok().map(str::trim);
        if key == b"fd"
            && let Some(number) = number().and_then(|number| number.parse().ok())
        {
            found.push(Descriptor { number, ..Descriptor::default() });
            continue;
        }
        let Some(descriptor) = found.last_mut() else { continue };
        match key {
            b"pos:" => descriptor.position = number().and_then(|at| at.parse().ok()).unwrap_or(0),
            b"flags:" => {
                let flags = number().and_then(|flags| u32::from_str_radix(flags, 8).ok());
                descriptor.flags = flags.unwrap_or(0);
            }
            b"size" => descriptor.size = number().and_then(|size| size.parse().ok()).unwrap_or(0),
            b"lock:" => descriptor.lock = Some(Lock::of(value)),
            b"target" => descriptor.target = value.to_vec(),
            _ => {}
        }
    }
    found.retain(|descriptor| !descriptor.target.is_empty());
    found
}

impl Lock {
    /// Reads a line such as `1: FLOCK  ADVISORY  WRITE 1234 fe:00:99 0 EOF`.
    fn of(line: &[u8]) -> Self {
        let line = String::from_utf8_lossy(line);
        let has = |word: &str| line.split_whitespace().any(|other| other == word);
        match (has("FLOCK"), has("READ")) {
            (true, true) => Self::Shared,
            (true, false) => Self::Exclusive,
            (false, _) => Self::OfProcess,
        }
    }

    fn command(self, number: u32) -> Option<String> {
        let kind = match self {
            Self::Shared => "-s",
            Self::Exclusive => "-x",
            Self::OfProcess => return None,
        };
        Some(format!("\\builtin command -p flock -n {kind} {number}"))
    }
}

impl Descriptor {
    /// Whether both have the same target.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.number == other.number && self.target == other.target
    }

    /// The text that opens it again, or reports that it is lost. A background step runs without it.
    /// `output` is the target of the shell's own output.
    pub(super) fn restored(&self, roots: &Roots, output: &[u8]) -> Vec<u8> {
        let number = self.number;
        if self.target == output {
            return format!(
                "{START}{number}\n{UNLESS_BACKGROUND} \\command exec {number}>&1; fi\n"
            )
            .into_bytes();
        }
        let Some(commands) = self.commands() else {
            let lost =
                quoted(format!("the descriptor {number} ({}); ", self.described()).as_bytes());
            return format!("{START}{number}\n{UNLESS_BACKGROUND} __guide_lost+={lost}; fi\n")
                .into_bytes();
        };
        let file = roots.elsewhere(&self.target);
        let after = format!(
            "\n{UNLESS_BACKGROUND} {{ {commands}; }} || __guide_lost+=\"the descriptor {number} (the file $__guide_file, {}); \"; fi\n\
             \\builtin unset -v __guide_descriptor __guide_file __guide_read\n",
            self.place()
        );
        [format!("{START}{number} __guide_file=").as_bytes(), file.as_slice(), after.as_bytes()]
            .concat()
    }

    /// The commands that open `$__guide_file` with the same access. `None` if that is not possible.
    /// No command around them may be redirected, because bash moves redirected descriptors to
    /// numbers from 10 on, which may include the one that is opened.
    fn commands(&self) -> Option<String> {
        const ACCESS: u32 = 3;
        const APPEND: u32 = 0o2000;
        let (number, at) = (self.number, self.position);
        if !self.target.starts_with(b"/") || self.target.ends_with(b" (deleted)") {
            return None;
        }
        let is_at_end = self.flags & APPEND != 0 || at == self.size;
        let operator = match self.flags & ACCESS {
            0 => "<",
            1 if is_at_end => ">>",
            2 => "<>",
            _ => return None,
        };
        let mut commands = vec![
            // No other file is created in its place, and a named pipe would wait for its other end.
            "[[ -f $__guide_file || -c $__guide_file || -d $__guide_file ]]".to_owned(),
            // `builtin exec` would close it again; a function that a step has called `command` may not open it at all.
            format!("\\command exec {number}{operator}\"$__guide_file\""),
            format!("[[ -e /proc/self/fd/{number} ]]"),
        ];
        if at > 0 && operator != ">>" {
            commands.push(format!("{{ [[ -c $__guide_file ]] || {{ {}; }}; }}", seek(number, at)?));
        }
        if let Some(lock) = self.lock {
            commands.push(lock.command(number)?);
        }
        Some(commands.join(" && "))
    }

    fn place(&self) -> String {
        let lock = if self.lock.is_some() { ", with its lock" } else { "" };
        match self.flags & 3 {
            0 => format!("read up to byte {}{lock}", self.position),
            _ => format!("written up to byte {}{lock}", self.position),
        }
    }

    /// The target, for a message.
    fn described(&self) -> String {
        let target = String::from_utf8_lossy(&self.target);
        match target.split_once(":[") {
            Some(("pipe", _)) => "a pipe, which only one shell can have".to_owned(),
            Some(("socket", _)) => "a connection, which only one shell can have".to_owned(),
            _ if target.ends_with(" (deleted)") => format!("the file {target}"),
            _ => format!("the file {target}, {}", self.place()),
        }
    }
}

/// A background step has its own shell and no descriptors of the chapter.
const UNLESS_BACKGROUND: &str = "if [[ ! ${__guide_background-} ]]; then";

/// The commands that read up to the place, and check that it is reached, because bash does not
/// count NUL bytes.
fn seek(number: u32, at: u64) -> Option<String> {
    (at <= LONGEST_SEEK).then(|| {
        format!(
            "LC_ALL=C \\builtin read -r -N {at} -u {number} __guide_read && \
             {{ \\builtin read -r __guide_read __guide_read; }} </proc/self/fdinfo/{number} && [[ $__guide_read == {at} ]]"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUMPED: &str = "fd 3\npos:\t6\nflags:\t0100001\nmnt_id:\t27\nino:\t99\nsize 6\ntarget /b/x y\n\
        fd 9\npos:\t0\nflags:\t0100002\nlock:\t1: FLOCK  ADVISORY  WRITE 12 fe:00:99 0 EOF\nsize 0\ntarget /l\n\
        fd 10\npos:\t0\nflags:\t02100001\nmnt_id:\t27\n\
        fd 63\npos:\t0\nflags:\t01\nsize 0\ntarget pipe:[12]\nfd x\n";

    #[test]
    fn each_descriptor_that_a_program_would_get_is_found() {
        let found = descriptors(DUMPED.as_bytes());
        assert_eq!(found.iter().map(|found| found.number).collect::<Vec<_>>(), [3, 9, 63]);
        assert_eq!((found[0].target.as_slice(), found[0].flags & 3), (&b"/b/x y"[..], 1));
        assert_eq!((found[1].lock, found[1].flags & 3), (Some(Lock::Exclusive), 2));
    }

    #[test]
    fn only_what_can_be_opened_again_as_it_was_is_opened_again() {
        let open = |target: &str, flags: u32, position: u64, size: u64| {
            let target = target.as_bytes().to_vec();
            let descriptor = Descriptor { number: 3, target, flags, position, size, lock: None };
            descriptor.commands().map(|commands| commands.contains("exec 3"))
        };
        assert_eq!(open("/f", 0, 0, 9), Some(true));
        assert_eq!(open("/f", 0, LONGEST_SEEK + 1, 1 << 40), None, "too far to read");
        assert_eq!(open("/f", 1, 9, 9), Some(true));
        assert_eq!(open("/f", 1, 4, 9), None, "in the middle of the file");
        assert_eq!(open("/f", 0o2001, 4, 9), Some(true), "appends");
        assert_eq!(open("/f", 2, 4, 9), Some(true));
        assert_eq!(open("/f (deleted)", 0, 0, 0), None);
        assert_eq!(open("pipe:[7]", 0, 0, 0), None);
    }
}
