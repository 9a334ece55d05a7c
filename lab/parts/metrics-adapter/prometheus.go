package main

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

var client = &http.Client{Timeout: 5 * time.Second}

// reply is what Prometheus' API answers to an instant query.
type reply struct {
	Status, Error string
	Data          struct {
		ResultType string
		Result     []struct {
			Metric map[string]string
			Value  [2]any // seconds since 1970, and the value as a string
		}
	}
}

// ask evaluates the expression now. No sample, or one that is no number, is no item.
func ask(prometheus, name, expression string) ([]object, error) {
	response, err := client.Get(prometheus + "/api/v1/query?" + url.Values{"query": {expression}}.Encode())
	if err != nil {
		return nil, fmt.Errorf("Prometheus does not answer: %w", err)
	}
	defer response.Body.Close()
	var got reply
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		return nil, fmt.Errorf("Prometheus answered %s, which can't be read: %w", response.Status, err)
	}
	if got.Status != "success" || got.Data.ResultType != "vector" {
		return nil, fmt.Errorf("Prometheus does not give a vector for %s: %s %s", name, got.Data.ResultType, got.Error)
	}
	items := []object{}
	for _, sample := range got.Data.Result {
		seconds, _ := sample.Value[0].(float64)
		text, _ := sample.Value[1].(string)
		value, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
			continue
		}
		items = append(items, object{
			"metricName": name, "metricLabels": sample.Metric,
			"timestamp": time.UnixMilli(int64(seconds * 1000)).UTC().Format(time.RFC3339),
			// a quantity: thousandths, as Kubernetes writes them
			"value": strconv.FormatInt(int64(math.Round(value*1000)), 10) + "m",
		})
	}
	return items, nil
}
