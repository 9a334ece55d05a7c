// Discovery tells Prometheus which nodes and pods there are. Debian builds Prometheus without its own discovery in
// Kubernetes, but with the one by HTTP; this stands between, on port 9095, and uses the names of the former, so that what
// is written about targets is the same for both:
//
//	GET /node  each node, at its kubelet's port
//	GET /pod   each pod that has an address
//
// Every question is asked of the API server anew: an answer is never older than the question.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"regexp"
	"time"
)

const account = "/var/run/secrets/kubernetes.io/serviceaccount/"

// target is what Prometheus wants to hear, a group of one.
type target struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// item is what is read of a node or a pod.
type item struct {
	Metadata struct {
		Name, Namespace     string
		Labels, Annotations map[string]string
	}
	Spec   struct{ NodeName string }
	Status struct {
		Phase, PodIP string
		Addresses    []struct{ Type, Address string }
	}
}

func main() {
	http.HandleFunc("GET /node", answer("nodes", node))
	http.HandleFunc("GET /pod", answer("pods", pod))
	server := &http.Server{Addr: ":9095", ReadHeaderTimeout: 5 * time.Second}
	log.Fatal("discovery: ", server.ListenAndServe())
}

func answer(resource string, as func(item) *target) http.HandlerFunc {
	return func(out http.ResponseWriter, _ *http.Request) {
		items, err := list(resource)
		if err != nil {
			// Prometheus keeps the targets it has when it hears this
			http.Error(out, err.Error(), http.StatusBadGateway)
			return
		}
		targets := []target{}
		for _, one := range items {
			if made := as(one); made != nil {
				targets = append(targets, *made)
			}
		}
		out.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(out).Encode(targets) // whoever hung up needs no answer
	}
}

func node(from item) *target {
	for _, address := range from.Status.Addresses {
		if address.Type == "InternalIP" {
			return &target{[]string{address.Address + ":10250"}, map[string]string{"__meta_kubernetes_node_name": from.Metadata.Name}}
		}
	}
	return nil
}

func pod(from item) *target {
	if from.Status.PodIP == "" {
		return nil
	}
	labels := map[string]string{
		"__meta_kubernetes_namespace":     from.Metadata.Namespace,
		"__meta_kubernetes_pod_name":      from.Metadata.Name,
		"__meta_kubernetes_pod_ip":        from.Status.PodIP,
		"__meta_kubernetes_pod_node_name": from.Spec.NodeName,
		"__meta_kubernetes_pod_phase":     from.Status.Phase,
	}
	for name, value := range from.Metadata.Labels {
		labels["__meta_kubernetes_pod_label_"+plain(name)] = value
	}
	for name, value := range from.Metadata.Annotations {
		labels["__meta_kubernetes_pod_annotation_"+plain(name)] = value
	}
	return &target{[]string{from.Status.PodIP}, labels}
}

var notPlain = regexp.MustCompile(`[^a-zA-Z0-9_]`)

// plain is a name as Prometheus allows it for a label.
func plain(name string) string { return notPlain.ReplaceAllString(name, "_") }

// list reads all nodes or pods with the rights of this pod's account.
func list(resource string) ([]item, error) {
	authority, err := os.ReadFile(account + "ca.crt")
	if err != nil {
		return nil, err
	}
	token, err := os.ReadFile(account + "token") // read anew: it is renewed
	if err != nil {
		return nil, err
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(authority)
	carrier := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}
	defer carrier.CloseIdleConnections()
	api := &http.Client{Timeout: 4 * time.Second, Transport: carrier}
	request, err := http.NewRequest("GET", "https://kubernetes.default.svc/api/v1/"+resource, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+string(token))
	response, err := api.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var found struct{ Items []item }
	if err := json.NewDecoder(response.Body).Decode(&found); err != nil || response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the API server answered %s: %v", response.Status, err)
	}
	return found.Items, nil
}
