// An OCI runtime for machines on which even root lacks a capability.
//
// `docker run --privileged` asks the kernel for every capability there is, and where one is not to be
// had, runc ends with "unable to apply caps". This program stands before runc: it takes out of the
// bundle's config.json (create, run, restore) or of the process file (exec) the capabilities that
// are missing from its own bounding set, adds none, changes nothing else, and becomes runc.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// names of the capabilities by their number in the kernel (capability.h).
var names = strings.Fields(`CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP
	LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO
	SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE
	AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ
	PERFMON BPF CHECKPOINT_RESTORE`)

func main() {
	runc, err := exec.LookPath("runc")
	if err != nil {
		end("runc is not in PATH", err)
	}
	if file, isProcess := fileToChange(os.Args[1:]); file != "" {
		if err := takeOut(file, isProcess); err != nil {
			end("cannot take the missing capabilities out of "+file, err)
		}
	}
	end("cannot become "+runc, syscall.Exec(runc, append([]string{"runc"}, os.Args[1:]...), os.Environ()))
}

func end(what string, err error) {
	fmt.Fprintf(os.Stderr, "without-missing-capabilities: %s: %v\n", what, err)
	os.Exit(1)
}

// fileToChange finds in runc's arguments the file that holds the process to start, and tells
// whether that file is the process itself (exec) or a container's configuration around it.
func fileToChange(args []string) (file string, isProcess bool) {
	command, bundle, process := "", ".", ""
	for i := 0; i < len(args); i++ {
		name, value, joined := strings.Cut(args[i], "=")
		next := func() string {
			if !joined && i+1 < len(args) {
				i++
				return args[i]
			}
			return value
		}
		switch {
		case command == "" && (name == "--root" || name == "--log" || name == "--log-format" || name == "--criu" || name == "--rootless"):
			next()
		case command == "" && !strings.HasPrefix(name, "-"):
			command = name
		case name == "--bundle" || name == "-b":
			bundle = next()
		case command == "exec" && (name == "--process" || name == "-p"):
			process = next()
		}
	}
	switch command {
	case "create", "run", "restore":
		return filepath.Join(bundle, "config.json"), false
	case "exec":
		return process, true
	}
	return "", false
}

func takeOut(file string, isProcess bool) error {
	missing, err := missingCapabilities()
	if err != nil || len(missing) == 0 {
		return err
	}
	before, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var document map[string]any
	decoder := json.NewDecoder(bytes.NewReader(before))
	decoder.UseNumber() // limits beyond 2^53 must come out as they went in
	if err := decoder.Decode(&document); err != nil {
		return err
	}
	process := document
	if !isProcess {
		process, _ = document["process"].(map[string]any)
	}
	sets, _ := process["capabilities"].(map[string]any)
	for name, set := range sets {
		asked, _ := set.([]any)
		kept := make([]any, 0, len(asked))
		for _, capability := range asked {
			if text, _ := capability.(string); !missing[text] {
				kept = append(kept, capability)
			}
		}
		sets[name] = kept
	}
	after, err := json.Marshal(document)
	if err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	return os.WriteFile(file, after, info.Mode())
}

// missingCapabilities are those the kernel knows and this process may never have.
func missingCapabilities() (map[string]bool, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return nil, err
	}
	missing := map[string]bool{}
	for line := range strings.Lines(string(status)) {
		text, found := strings.CutPrefix(line, "CapBnd:")
		if !found {
			continue
		}
		bounding, err := strconv.ParseUint(strings.TrimSpace(text), 16, 64)
		if err != nil {
			return nil, err
		}
		for number, name := range names {
			if bounding&(1<<number) == 0 {
				missing["CAP_"+name] = true
			}
		}
	}
	return missing, nil
}
