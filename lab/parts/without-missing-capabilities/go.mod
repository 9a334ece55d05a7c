module guide.lab/without-missing-capabilities

go 1.26
