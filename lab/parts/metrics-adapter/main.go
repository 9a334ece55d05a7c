// Metrics-adapter serves external.metrics.k8s.io/v1beta1: an autoscaler asks it for a metric, it asks Prometheus.
//
//	metrics-adapter -prometheus http://prometheus:9090 -metric NAME=EXPRESSION…
//
// Three things make it honest. It never makes a number up: where Prometheus has no sample it answers with an empty
// list, which the autoscaler reports as a metric it could not get, and not with 0, which it would obey. It hands on
// the sample's own time. And it answers nobody but the API server: a caller has to show a certificate of the
// cluster's front-proxy authority. Whether the user behind the API server may ask is the API server's decision,
// taken before it calls.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

const groupVersion = "external.metrics.k8s.io/v1beta1"

// expressions by the metric's name, as -metric gives them.
type expressions map[string]string

func (e expressions) String() string { return fmt.Sprint(map[string]string(e)) }
func (e expressions) Set(word string) error {
	name, expression, found := strings.Cut(word, "=")
	if !found || name == "" || expression == "" {
		return fmt.Errorf("%q: write NAME=EXPRESSION", word)
	}
	e[name] = expression
	return nil
}

type object = map[string]any

func main() {
	metrics := expressions{}
	prometheus := flag.String("prometheus", "http://prometheus:9090", "where Prometheus answers")
	flag.Var(metrics, "metric", "NAME=EXPRESSION, a metric and the expression that gives it; may be given more than once")
	flag.Parse()
	if len(metrics) == 0 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "metrics-adapter: give at least one -metric, and nothing that is not a flag")
		os.Exit(2)
	}
	callers, names, err := frontProxy()
	if err != nil {
		log.Fatal("metrics-adapter: who may call? ", err)
	}
	secured, err := serving(callers)
	if err != nil {
		log.Fatal("metrics-adapter: ", err)
	}
	pages := http.NewServeMux()
	pages.HandleFunc("GET /apis/"+groupVersion, func(out http.ResponseWriter, _ *http.Request) { answer(out, discovery(metrics)) })
	pages.HandleFunc("GET /apis/"+groupVersion+"/namespaces/{namespace}/{metric}", func(out http.ResponseWriter, request *http.Request) {
		name := request.PathValue("metric")
		expression, known := metrics[name]
		if !known {
			refuse(out, http.StatusNotFound, "there is no metric "+name)
			return
		}
		items, err := ask(*prometheus, name, expression)
		if err != nil {
			refuse(out, http.StatusServiceUnavailable, err.Error())
			return
		}
		answer(out, object{"kind": "ExternalMetricValueList", "apiVersion": groupVersion, "metadata": object{}, "items": items})
	})
	server := &http.Server{Addr: ":6443", Handler: onlyFrom(names, pages), TLSConfig: secured, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal("metrics-adapter: ", server.ListenAndServeTLS("", ""))
}

// discovery is what the group says of itself: a resource for each metric.
func discovery(metrics expressions) object {
	resources := []object{}
	for name := range metrics {
		resources = append(resources, object{
			"name": name, "singularName": "", "namespaced": true, "kind": "ExternalMetricValueList", "verbs": []string{"get"},
		})
	}
	return object{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": groupVersion, "resources": resources}
}

func answer(out http.ResponseWriter, what object) {
	out.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(out).Encode(what) // whoever hung up needs no answer
}

func refuse(out http.ResponseWriter, code int, why string) {
	out.Header().Set("Content-Type", "application/json")
	out.WriteHeader(code)
	_ = json.NewEncoder(out).Encode(object{"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": why, "code": code})
}
