module guide.lab/discovery

go 1.26
