module guide.lab/metrics-adapter

go 1.26
