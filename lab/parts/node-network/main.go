// Node-network gives the pods of one node their network; a DaemonSet runs it on every node.
//
// All nodes of a kind cluster stand in one Docker network, so no tunnel is needed. From the API it
// reads every node's address and pod range, and keeps three things true: the CNI configuration of its
// own node (ptp with host-local addresses, portmap for host ports), one route for each other node's pod
// range through that node's address, and masquerading for what leaves the pods' network. It looks
// again every few seconds: a node that came back with another address has its routes at once.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"
	cniFile        = "/etc/cni/net.d/10-node-network.conflist"
	routeProtocol  = "86" // marks our routes among the node's
	lookEvery      = 3 * time.Second
	retryAfter     = 300 * time.Millisecond // while something is missing, a node is waiting to be Ready
)

// node is what the network needs to know of one.
type node struct {
	Metadata struct{ Name string }
	Spec     struct {
		PodCIDR string `json:"podCIDR"`
	}
	Status struct {
		Addresses []struct{ Type, Address string }
	}
}

func (n node) address() string {
	for _, address := range n.Status.Addresses {
		if address.Type == "InternalIP" {
			return address.Address
		}
	}
	return ""
}

func main() {
	self, podNetwork := os.Getenv("NODE_NAME"), os.Getenv("POD_NETWORK")
	if _, _, err := net.ParseCIDR(podNetwork); err != nil || self == "" {
		log.Fatalf("NODE_NAME and POD_NETWORK must be set: %q, %q", self, podNetwork)
	}
	said := ""
	for {
		now, pause := "network of "+self+" is as it should be", lookEvery
		if err := makeTrue(self, podNetwork); err != nil {
			now, pause = err.Error(), retryAfter
		}
		if now != said { // a line when something changes, not one every few seconds
			log.Print(now)
			said = now
		}
		time.Sleep(pause)
	}
}

func makeTrue(self, podNetwork string) error {
	nodes, err := listNodes()
	if err != nil {
		return err
	}
	wanted := map[string]string{}
	own := ""
	for _, n := range nodes {
		switch {
		case n.Spec.PodCIDR == "":
		case n.Metadata.Name == self:
			own = n.Spec.PodCIDR
		case n.address() != "":
			wanted[n.Spec.PodCIDR] = n.address()
		}
	}
	if own == "" {
		return fmt.Errorf("node %s has no pod range yet", self)
	}
	if err := keepMasquerade(own, podNetwork); err != nil {
		return err
	}
	if err := keepRoutes(wanted); err != nil {
		return err
	}
	return keepCNI(own) // last: this is what makes the node Ready
}

func listNodes() ([]node, error) {
	token, err := os.ReadFile(filepath.Join(serviceAccount, "token"))
	if err != nil {
		return nil, err
	}
	authority, err := os.ReadFile(filepath.Join(serviceAccount, "ca.crt"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true,
	}}
	api := "https://" + net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"))
	request, err := http.NewRequest(http.MethodGet, api+"/api/v1/nodes?resourceVersion=0", nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 300))
		return nil, fmt.Errorf("the API answered %s: %s", response.Status, text)
	}
	var list struct{ Items []node }
	return list.Items, json.NewDecoder(response.Body).Decode(&list)
}

func keepCNI(podRange string) error {
	content := fmt.Sprintf(`{
  "cniVersion": "0.4.0",
  "name": "node-network",
  "plugins": [
    {
      "type": "ptp",
      "ipMasq": false,
      "ipam": {
        "type": "host-local",
        "dataDir": "/run/cni-addresses",
        "routes": [{"dst": "0.0.0.0/0"}],
        "ranges": [[{"subnet": %q}]]
      }
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
`, podRange)
	if before, err := os.ReadFile(cniFile); err == nil && string(before) == content {
		return nil
	}
	if err := os.WriteFile(cniFile+".new", []byte(content), 0o644); err != nil {
		return err
	}
	return os.Rename(cniFile+".new", cniFile)
}

// keepRoutes makes the node's routes of our mark exactly `wanted`: pod range → node address.
func keepRoutes(wanted map[string]string) error {
	present, err := output("ip", "-4", "route", "show", "proto", routeProtocol)
	if err != nil {
		return err
	}
	there := map[string]string{}
	for line := range strings.Lines(present) {
		words := strings.Fields(line)
		if len(words) > 2 && words[1] == "via" {
			there[words[0]] = words[2]
		}
	}
	for podRange, through := range wanted {
		if there[podRange] != through {
			if _, err := output("ip", "route", "replace", podRange, "via", through, "proto", routeProtocol); err != nil {
				return err
			}
			log.Printf("pods %s are reached through %s", podRange, through)
		}
	}
	for podRange := range there {
		if wanted[podRange] == "" {
			if _, err := output("ip", "route", "del", podRange, "proto", routeProtocol); err != nil {
				return err
			}
			log.Printf("pods %s are gone", podRange)
		}
	}
	return nil
}

// keepMasquerade: what our pods send out of the pods' network goes by the node's address.
func keepMasquerade(own, podNetwork string) error {
	rule := fmt.Sprintf("ip saddr %s ip daddr != %s masquerade", own, podNetwork)
	if rules, err := output("nft", "list", "table", "ip", "node_network"); err == nil && strings.Contains(rules, rule) {
		return nil
	}
	_, err := output("nft", fmt.Sprintf("table ip node_network; delete table ip node_network; "+
		"table ip node_network { chain leaving { type nat hook postrouting priority srcnat; %s; }; }", rule))
	return err
}

func output(words ...string) (string, error) {
	command := exec.Command(words[0], words[1:]...)
	var complaint bytes.Buffer
	command.Stderr = &complaint
	text, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %v: %s", strings.Join(words, " "), err, bytes.TrimSpace(complaint.Bytes()))
	}
	return string(text), nil
}
