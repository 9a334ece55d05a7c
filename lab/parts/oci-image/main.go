// Oci-image writes a container image from local files: no daemon, no base image, no clock. The same
// files give the same bytes, so images that share a layer share it in the node's store too.
//
//	oci-image -out image.tar -name NAME[,NAME] [-root rootfs.tar] [-file SRC=/dst]… [-link /path=target]…
//	          [-dir /path]… [-entrypoint WORD]… [-env K=V]… [-user U] [-port P]… [-says TEXT]
package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/compression"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// words is a flag that may be given more than once.
type words []string

func (w *words) String() string         { return strings.Join(*w, " ") }
func (w *words) Set(value string) error { *w = append(*w, value); return nil }

// recipe is what the command line asks for.
type recipe struct {
	out, names, root, user, says          string
	files, links, dirs, entry, env, ports words
}

// longAgo stands in for every time: an image must not depend on when it was made.
var longAgo = time.Unix(0, 0).UTC()

func main() {
	var r recipe
	flag.StringVar(&r.out, "out", "image.tar", "file to write")
	flag.StringVar(&r.names, "name", "", "names of the image, comma between")
	flag.StringVar(&r.root, "root", "", "tar of a root filesystem: the first layer")
	flag.StringVar(&r.user, "user", "", "user to run as")
	flag.StringVar(&r.says, "says", "", "what it is and where it was built (a label)")
	flag.Var(&r.files, "file", "SRC=/dst, a file to put in")
	flag.Var(&r.links, "link", "/path=target, a symbolic link")
	flag.Var(&r.dirs, "dir", "/path, an empty folder anyone may write")
	flag.Var(&r.entry, "entrypoint", "a word of the entry point")
	flag.Var(&r.env, "env", "K=V")
	flag.Var(&r.ports, "port", "80/tcp, a port it listens on")
	flag.Parse()
	if err := write(r); err != nil {
		fmt.Fprintln(os.Stderr, "oci-image:", err)
		os.Exit(1)
	}
}

func write(r recipe) error {
	if r.names == "" || flag.NArg() > 0 {
		return errors.New("give -name, and nothing that is not a flag")
	}
	image := v1.Image(empty.Image)
	if r.root != "" {
		layer, err := tarball.LayerFromFile(r.root, tarball.WithCompressionLevel(6), tarball.WithCompressedCaching)
		if err != nil {
			return err
		}
		if image, err = mutate.AppendLayers(image, layer); err != nil {
			return err
		}
	}
	if len(r.files)+len(r.links)+len(r.dirs) > 0 {
		content, err := layerOf(r)
		if err != nil {
			return err
		}
		layer, err := tarball.LayerFromOpener(
			func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
			tarball.WithCompression(compression.GZip), tarball.WithCompressionLevel(6), tarball.WithCompressedCaching)
		if err != nil {
			return err
		}
		if image, err = mutate.AppendLayers(image, layer); err != nil {
			return err
		}
	}
	ports := map[string]struct{}{}
	for _, port := range r.ports {
		ports[port] = struct{}{}
	}
	image, err := mutate.ConfigFile(image, &v1.ConfigFile{
		Architecture: "amd64", OS: "linux", Created: v1.Time{Time: longAgo}, RootFS: rootOf(image),
		Config: v1.Config{
			Entrypoint: r.entry, User: r.user, ExposedPorts: ports, WorkingDir: "/",
			Env:    append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, r.env...),
			Labels: map[string]string{"lab.guide.built": r.says},
		},
	})
	if err != nil {
		return err
	}
	tags := map[name.Tag]v1.Image{}
	for _, text := range strings.Split(r.names, ",") {
		tag, err := name.NewTag(text)
		if err != nil {
			return err
		}
		tags[tag] = image
	}
	return tarball.MultiWriteToFile(r.out, tags)
}

func rootOf(image v1.Image) v1.RootFS {
	config, err := image.ConfigFile()
	if err != nil {
		return v1.RootFS{Type: "layers"}
	}
	return config.RootFS
}

// layerOf is the tar of the files, links and folders that were asked for, with every folder above them.
func layerOf(r recipe) ([]byte, error) {
	var content bytes.Buffer
	out := tar.NewWriter(&content)
	made := map[string]bool{"/": true, ".": true}
	var parents func(string) error
	parents = func(file string) error {
		dir := path.Dir(file)
		if made[dir] {
			return nil
		}
		made[dir] = true
		if err := parents(dir); err != nil {
			return err
		}
		return out.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir[1:] + "/", Mode: 0o755, ModTime: longAgo})
	}
	for _, pair := range r.files {
		source, target, ok := strings.Cut(pair, "=")
		if !ok || !path.IsAbs(target) {
			return nil, fmt.Errorf("-file %s: write SRC=/dst", pair)
		}
		data, err := os.ReadFile(source)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(source)
		if err != nil {
			return nil, err
		}
		if err := parents(target); err != nil {
			return nil, err
		}
		mode := int64(0o644)
		if info.Mode()&0o111 != 0 {
			mode = 0o755
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: target[1:], Mode: mode, Size: int64(len(data)), ModTime: longAgo}
		if err := out.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := out.Write(data); err != nil {
			return nil, err
		}
	}
	for _, pair := range r.links {
		file, target, ok := strings.Cut(pair, "=")
		if !ok || !path.IsAbs(file) {
			return nil, fmt.Errorf("-link %s: write /path=target", pair)
		}
		if err := parents(file); err != nil {
			return nil, err
		}
		header := &tar.Header{Typeflag: tar.TypeSymlink, Name: file[1:], Linkname: target, Mode: 0o777, ModTime: longAgo}
		if err := out.WriteHeader(header); err != nil {
			return nil, err
		}
	}
	for _, dir := range r.dirs {
		if err := parents(dir); err != nil {
			return nil, err
		}
		header := &tar.Header{Typeflag: tar.TypeDir, Name: strings.TrimPrefix(dir, "/") + "/", Mode: 0o1777, ModTime: longAgo}
		if err := out.WriteHeader(header); err != nil {
			return nil, err
		}
	}
	return content.Bytes(), out.Close()
}
