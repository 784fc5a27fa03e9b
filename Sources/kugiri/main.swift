print("kugiri")
